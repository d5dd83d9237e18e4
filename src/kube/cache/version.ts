/** Negative, zero or positive, as `a` is older than, the same as or newer than `b`: versions are integers of any length. */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** True for what `compareVersions` can compare: an integer without leading zeros. */
export function isVersion(text: string): boolean {
  return /^(0|[1-9]\d*)$/.test(text);
}
