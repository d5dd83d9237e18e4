import { Failure } from "../../lib/failure.ts";
import type { Json, JsonObject } from "../../lib/json.ts";

/** What conversion changes of an object: source, status, and the annotations that carry what a version has no field for. */
export interface Parts {
  readonly annotations: Readonly<Record<string, string>>;
  /** What the spec says of where the object comes from, if it is an object. */
  readonly source: JsonObject | undefined;
  readonly status: JsonObject | undefined;
}

export type Step = (parts: Parts) => Parts;

/** The object with its parts as `steps` leave them. What no step knows stays as it is. */
export function through(object: JsonObject, ...steps: readonly Step[]): JsonObject {
  const { metadata = {}, spec, status, ...rest } = object;
  if (!isObject(metadata)) throw malformed("metadata", "an object");
  if (status !== undefined && !isObject(status)) throw malformed("status", "an object");
  const { annotations, ...others } = metadata;
  const parts = steps.reduce<Parts>((before, step) => step(before), {
    annotations: annotationsIn(annotations),
    source: isObject(spec) && isObject(spec.source) ? spec.source : undefined,
    status,
  });
  const isAnnotated = Object.keys(parts.annotations).length > 0;
  return {
    ...rest,
    metadata: { ...others, ...(isAnnotated && { annotations: parts.annotations }) },
    ...(spec !== undefined && { spec: parts.source && isObject(spec) ? { ...spec, source: parts.source } : spec }),
    ...(parts.status && { status: parts.status }),
  };
}

function annotationsIn(value: Json | undefined): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (!isObject(value) || !Object.values(value).every(isText)) throw malformed("metadata.annotations", "texts by name");
  return value as Readonly<Record<string, string>>; // just checked
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isText = (value: Json | undefined) => typeof value === "string";

export function malformed(field: string, wanted: string): Failure {
  return new Failure("invalid", `cannot convert the object: ${field} must be ${wanted}; correct it and try again`);
}

/** The parts with one annotation set, or taken away. */
export function annotated(parts: Parts, name: string, value: string | undefined): Parts {
  const { [name]: _old, ...others } = parts.annotations;
  return { ...parts, annotations: value === undefined ? others : { ...others, [name]: value } };
}

/** The parts with one field of the status set, or taken away. Where there is no status, there is none afterwards. */
export function withStatusField(parts: Parts, field: string, value: Json | undefined): Parts {
  if (!parts.status) return parts;
  const { [field]: _old, ...others } = parts.status;
  return { ...parts, status: value === undefined ? others : { ...others, [field]: value } };
}
