import type { Metadata } from "./service.ts";

/** Under this key a driver says beside its answer what a snapshot is worth; CSI has no field for that. */
const key = "groupsnap-consistency";
/** A word that fits wherever it may be shown. */
const word = /^[a-z][a-z0-9-]{0,62}$/;

export function consistencyMetadata(consistency: string): Metadata {
  return { [key]: consistency };
}

/** What the driver said; undefined if it said nothing, as others do, or no such word. */
export function consistencyIn(metadata: Metadata): string | undefined {
  const said = metadata[key];
  return said !== undefined && word.test(said) ? said : undefined;
}
