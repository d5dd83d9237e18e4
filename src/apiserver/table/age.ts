const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** A time span in at most two units, finer the shorter it is: 45s, 3m20s, 10h, 2d4h, 3y12d. */
export function humanDuration(spanMs: number): string {
  const span = Math.floor(spanMs / second) * second;
  if (span < -2 * second) return "<invalid>";
  if (span < 0) return "0s";
  if (span < 2 * minute) return `${span / second}s`;
  if (span < 10 * minute) return two(span, [minute, "m"], [second, "s"]);
  if (span < 3 * hour) return one(span, minute, "m");
  if (span < 8 * hour) return two(span, [hour, "h"], [minute, "m"]);
  if (span < 2 * day) return one(span, hour, "h");
  if (span < 8 * day) return two(span, [day, "d"], [hour, "h"]);
  if (span < 2 * year) return one(span, day, "d");
  if (span < 8 * year) return two(span, [year, "y"], [day, "d"]);
  return one(span, year, "y");
}

const one = (span: number, unit: number, name: string) => `${Math.floor(span / unit)}${name}`;

function two(span: number, [big, bigName]: [number, string], [small, smallName]: [number, string]): string {
  const rest = Math.floor((span % big) / small);
  return rest === 0 ? one(span, big, bigName) : `${one(span, big, bigName)}${rest}${smallName}`;
}

/** How long ago a timestamp was, or `<unknown>` if it is none. */
export function ageOf(timestamp: unknown, now: Date): string {
  const at = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(at) ? "<unknown>" : humanDuration(now.getTime() - at);
}
