import { equalJson, type Json, type JsonObject } from "../../lib/json.ts";
import type { FieldError } from "../kinds/kind.ts";

interface Change {
  readonly errors: readonly FieldError[];
  readonly object: JsonObject;
  /** What would have been wrong with the object before the change. */
  readonly before: readonly FieldError[];
  readonly old: JsonObject;
}

/** The errors that the change has brought: those in values that were wrong in the same way, and are the same, go. */
export function withoutOldErrors({ errors, object, before, old }: Change): readonly FieldError[] {
  const known = new Set(before.map(textOf));
  const isOld = (error: FieldError) => {
    if (error.field === "<nil>") return true; // says only that other errors stood in the way
    const path = placeOf(error);
    return known.has(textOf(error)) && equalJson(valueAt(object, path), valueAt(old, path));
  };
  return errors.every(isOld) ? [] : errors.filter((error) => error.field === "<nil>" || !isOld(error));
}

const textOf = ({ field, message }: FieldError) => `${field}: ${message}`;

/** A missing field is the fault of the object that lacks it. */
function placeOf({ field, reason }: FieldError): readonly string[] {
  const steps = [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map((match) => match[1] ?? match[2] ?? "");
  return reason === "FieldValueRequired" ? steps.slice(0, -1) : steps;
}

function valueAt(object: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = object;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as JsonObject)[step]; // lists too: their steps are indices
  }
  return value;
}
