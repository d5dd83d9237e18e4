import type { Json, JsonObject } from "../../lib/json.ts";
import { forbidden, invalid, required } from "../schema/messages.ts";
import type { FieldError } from "./kind.ts";
import { annotationsProblem, labelValueProblem, type NameRule, qualifiedNameProblem } from "./names.ts";
import { objectAt, textAt, textsAt } from "./read.ts";

export interface MetadataRules {
  readonly nameRule: NameRule;
  /** What is stored now, if the object exists. */
  readonly old: JsonObject | undefined;
  /** Finalizers must say whose they are, as in all but the kinds of the API's own machinery. */
  readonly ownedFinalizers?: boolean;
}

/** What is wrong with an object's name, labels, annotations, finalizers and owners, as far as their syntax goes. */
export function metadataErrors(object: JsonObject, rules: MetadataRules): readonly FieldError[] {
  const { nameRule, old, ownedFinalizers } = rules;
  const metadata = objectAt(object, "metadata");
  return [
    ...nameErrors(metadata, nameRule),
    ...labelErrors(metadata.labels),
    ...annotationErrors(metadata.annotations),
    ...finalizerErrors(metadata, old),
    ...(ownedFinalizers ? ownerlessFinalizers(metadata) : []),
    ...ownerErrors(metadata.ownerReferences),
  ];
}

function nameErrors(metadata: JsonObject, nameRule: NameRule): readonly FieldError[] {
  const name = textAt(metadata, "name");
  const prefix = textAt(metadata, "generateName");
  if (name !== "") {
    const problem = nameRule(name);
    return problem ? [invalid("metadata.name", name, problem)] : [];
  }
  if (prefix === "") return [required("metadata.name", "name or generateName is required")];
  const problem = nameRule(`${prefix}x`);
  return problem ? [invalid("metadata.generateName", prefix, problem)] : [];
}

function labelErrors(labels: Json | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of entries(labels)) {
    const keyProblem = qualifiedNameProblem(key);
    const valueProblem = labelValueProblem(String(value));
    if (keyProblem) errors.push(invalid("metadata.labels", key, keyProblem));
    if (valueProblem) errors.push(invalid("metadata.labels", value, valueProblem));
  }
  return errors;
}

function annotationErrors(annotations: Json | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [key] of entries(annotations)) {
    const problem = qualifiedNameProblem(key.toLowerCase());
    if (problem) errors.push(invalid("metadata.annotations", key, problem));
  }
  const sizeProblem = annotations ? annotationsProblem(annotations as JsonObject) : undefined;
  if (sizeProblem)
    errors.push({ field: "metadata.annotations", reason: "FieldValueTooLong", message: `Too long: ${sizeProblem}` });
  return errors;
}

function finalizerErrors(metadata: JsonObject, old: JsonObject | undefined): readonly FieldError[] {
  const finalizers = textsAt(metadata, "finalizers");
  const errors = finalizers.flatMap((finalizer) => {
    const problem = qualifiedNameProblem(finalizer);
    return problem ? [invalid("metadata.finalizers", finalizer, problem)] : [];
  });
  const stored = old && objectAt(old, "metadata");
  if (stored?.deletionTimestamp === undefined) return errors;
  const kept = new Set(textsAt(stored, "finalizers"));
  const added = finalizers.filter((finalizer) => !kept.has(finalizer));
  if (added.length === 0) return errors;
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
  return [...errors, forbidden("metadata.finalizers", detail)];
}

/** The finalizers that may go without a domain in front. */
const wellKnownFinalizers = ["kubernetes", "orphan", "foregroundDeletion"];

function ownerlessFinalizers(metadata: JsonObject): readonly FieldError[] {
  return textsAt(metadata, "finalizers").flatMap((finalizer, i) => {
    if (finalizer.includes("/") || wellKnownFinalizers.includes(finalizer)) return [];
    const detail = "name is neither a standard finalizer name nor is it fully qualified";
    return [invalid(`metadata.finalizers[${i}]`, finalizer, detail)];
  });
}

function ownerErrors(owners: Json | undefined): readonly FieldError[] {
  if (!Array.isArray(owners)) return [];
  const references = owners as readonly JsonObject[]; // the schema has been walked
  const errors = references.flatMap((reference, i) =>
    ["apiVersion", "kind", "name", "uid"]
      .filter((field) => textAt(reference, field) === "")
      .map((field) => required(`metadata.ownerReferences[${i}].${field}`, "must not be empty")),
  );
  if (references.filter((reference) => reference.controller === true).length <= 1) return errors;
  return [...errors, invalid("metadata.ownerReferences", null, "only one reference can have controller set to true")];
}

const entries = (map: Json | undefined) => (map ? Object.entries(map as JsonObject) : []);
