/** Where in an object a walk is. Kept as a chain and turned to text only when there is something to report. */
export interface Path {
  readonly parent: Path | undefined;
  readonly step: string | number;
}

export const under = (parent: Path | undefined, step: string | number): Path => ({ parent, step });

/** `spec.source[0].name`; keys that are no plain names are bracketed: `metadata.labels[app.kubernetes.io/name]`. */
export function pathText(path: Path | undefined): string {
  if (path === undefined) return "";
  const parent = pathText(path.parent);
  if (typeof path.step === "number") return `${parent}[${path.step}]`;
  if (/[./[\]]/.test(path.step)) return `${parent}[${path.step}]`;
  return parent === "" ? path.step : `${parent}.${path.step}`;
}
