/** What a benchmark prints of its samples: "12 ms (9 to 31, of 5)". */
export function spreadOf(samples: readonly number[], unit: string): string {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const shown = (value: number | undefined) =>
    value === undefined ? "-" : value < 10 ? value.toFixed(1) : value.toFixed(0);
  return `${shown(middle)} ${unit} (${shown(sorted[0])} to ${shown(sorted.at(-1))}, of ${samples.length})`;
}
