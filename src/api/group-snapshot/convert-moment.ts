import type { Int64 } from "../../lib/json.ts";

/** The last moment that nanoseconds in 64 bits can say is in 2262, the first in 1677. */
const lastNs = 2n ** 63n - 1n;
const firstNs = -(2n ** 63n);

const nsPerSecond = 1_000_000_000n;
const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** True for a whole number of 64 bits. */
export function isInt64(value: unknown): value is Int64 {
  if (typeof value === "number") return Number.isInteger(value) && isInt64(BigInt(value));
  return typeof value === "bigint" && value >= firstNs && value <= lastNs;
}

/** Nanoseconds since 1970 of a moment as RFC 3339; undefined if it is none, or beyond what 64 bits can say. */
export function nanosecondsOf(text: string): Int64 | undefined {
  const [, date, time, fraction = "", sign, hours = "0", minutes = "0"] = rfc3339.exec(text) ?? [];
  const ms = new Date(`${date}T${time}Z`).getTime();
  if (Number.isNaN(ms)) return undefined;
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
  const ns = BigInt(ms - offsetMs) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  return isInt64(ns) ? shortest(ns) : undefined;
}

/** The moment as RFC 3339 in UTC, with as many digits as it needs. */
export function momentOf(ns: Int64): string {
  const fraction = ((BigInt(ns) % nsPerSecond) + nsPerSecond) % nsPerSecond;
  const seconds = (BigInt(ns) - fraction) / nsPerSecond;
  const text = new Date(Number(seconds) * 1000).toISOString().replace(/\.\d+Z$/, "");
  const digits = String(fraction).padStart(9, "0").replace(/0+$/, "");
  return digits ? `${text}.${digits}Z` : `${text}Z`;
}

/** As `parseJson` would read it. */
const shortest = (value: bigint): Int64 => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
