import { failureOf } from "../../lib/failure.ts";
import { equalJson, type JsonObject } from "../../lib/json.ts";
import type { FieldError } from "../kinds/kind.ts";
import { dns1035LabelProblem, dnsSubdomainProblem } from "../kinds/names.ts";
import { objectAt, textAt, textsAt } from "../kinds/read.ts";
import { duplicate, invalid, required, unsupported } from "../schema/messages.ts";
import { parseJsonPath } from "../table/json-path.ts";
import { type Definition, type Names, type PrinterColumn, parseDefinition, type Version } from "./definition.ts";
import { schemaErrors } from "./structural.ts";

/** What is wrong with a definition as it stands. Schemas that `old` has as well are not looked at again. */
export function definitionErrors(crd: JsonObject, old: JsonObject | undefined): readonly FieldError[] {
  const definition = parseDefinition(crd);
  const known = old ? parseDefinition(old).versions : [];
  return [
    ...groupErrors(crd, definition),
    ...nameErrors(definition.names),
    ...versionListErrors(definition.versions),
    ...definition.versions.flatMap((version, i) => versionErrors(version, `spec.versions[${i}]`, known)),
    ...(objectAt(crd, "spec").preserveUnknownFields === true
      ? [invalid("spec.preserveUnknownFields", true, "must be false")]
      : []),
  ];
}

/** What may not change once a definition exists. */
export function changeErrors(crd: JsonObject, old: JsonObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ["group", "scope"])
    if (textAt(crd, "spec", field) !== textAt(old, "spec", field))
      errors.push(invalid(`spec.${field}`, textAt(crd, "spec", field), "field is immutable"));
  for (const field of ["plural", "kind"])
    if (textAt(crd, "spec", "names", field) !== textAt(old, "spec", "names", field))
      errors.push(invalid(`spec.names.${field}`, textAt(crd, "spec", "names", field), "field is immutable"));
  const versions = parseDefinition(crd).versions.map((version) => version.name);
  textsAt(old, "status", "storedVersions").forEach((stored, i) => {
    if (!versions.includes(stored))
      errors.push(
        invalid(
          `status.storedVersions[${i}]`,
          stored,
          `missing from spec.versions; ${stored} was previously a storage version, and objects may still be kept in it: take it out of status.storedVersions only once none is`,
        ),
      );
  });
  return errors;
}

const approval = "api-approved.kubernetes.io";

function groupErrors(crd: JsonObject, { name, group, names }: Definition): readonly FieldError[] {
  const errors: FieldError[] = [];
  const problem = dnsSubdomainProblem(group);
  if (group === "") errors.push(required("spec.group"));
  else if (problem) errors.push(invalid("spec.group", group, problem));
  else if (!group.includes(".")) errors.push(invalid("spec.group", group, "should be a domain with at least one dot"));
  if (name !== `${names.plural}.${group}`)
    errors.push(invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group'));
  const isProtected = /(^|\.)(k8s|kubernetes)\.io$/.test(group);
  if (isProtected && textAt(crd, "metadata", "annotations", approval) === "")
    errors.push(
      required(
        `metadata.annotations[${approval}]`,
        `groups under k8s.io and kubernetes.io are protected: state in the annotation "${approval}" where the addition was approved`,
      ),
    );
  return errors;
}

function nameErrors(names: Names): readonly FieldError[] {
  const errors: FieldError[] = [];
  const check = (field: string, name: string) => {
    const problem = dns1035LabelProblem(name.toLowerCase());
    if (name === "") errors.push(required(`spec.names.${field}`));
    else if (problem) errors.push(invalid(`spec.names.${field}`, name, problem));
  };
  const checkLower = (field: string, name: string) => {
    check(field, name);
    if (name !== name.toLowerCase()) errors.push(invalid(`spec.names.${field}`, name, "must be lower case"));
  };
  checkLower("plural", names.plural);
  checkLower("singular", names.singular);
  check("kind", names.kind);
  check("listKind", names.listKind);
  for (const [i, name] of names.shortNames.entries()) checkLower(`shortNames[${i}]`, name);
  for (const [i, name] of names.categories.entries()) checkLower(`categories[${i}]`, name);
  if (names.kind !== "" && names.kind === names.listKind)
    errors.push(invalid("spec.names.listKind", names.listKind, "kind and listKind may not be the same"));
  return errors;
}

function versionListErrors(versions: readonly Version[]): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  versions.forEach(({ name }, i) => {
    const problem = dns1035LabelProblem(name);
    if (problem) errors.push(invalid(`spec.versions[${i}].name`, name, problem));
    if (seen.has(name)) errors.push(duplicate(`spec.versions[${i}].name`, name));
    seen.add(name);
  });
  const stored = versions.filter((version) => version.storage).map((version) => version.name);
  if (stored.length !== 1)
    errors.push(invalid("spec.versions", stored, "must have exactly one version marked as storage version"));
  return errors;
}

function versionErrors(version: Version, field: string, known: readonly Version[]): readonly FieldError[] {
  const errors = version.columns.flatMap((column, i) =>
    columnErrors(column, `${field}.additionalPrinterColumns[${i}]`),
  );
  if (version.deprecationWarning !== "" && !version.deprecated)
    errors.push(
      invalid(`${field}.deprecationWarning`, version.deprecationWarning, "can only be set for deprecated versions"),
    );
  errors.push(...scaleErrors(version, `${field}.subresources.scale`));
  const at = `${field}.schema.openAPIV3Schema`;
  if (!version.schema) return [...errors, required(at, "schemas are required")];
  if (version.shapeErrors.length > 0) return [...errors, ...version.shapeErrors];
  if (known.some((old) => old.name === version.name && equalJson(old.schema, version.schema))) return errors;
  return [...errors, ...schemaErrors(version.schema, at), ...selectableErrors(version, field)];
}

const columnTypes = ["integer", "number", "string", "boolean", "date"];

function columnErrors(column: PrinterColumn, field: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (column.name === "") errors.push(required(`${field}.name`));
  if (!columnTypes.includes(column.type)) errors.push(unsupported(`${field}.type`, column.type, columnTypes));
  try {
    if (!column.jsonPath.startsWith(".")) throw new Error("must be a simple json path starting with .");
    parseJsonPath(column.jsonPath);
  } catch (error) {
    errors.push(invalid(`${field}.jsonPath`, column.jsonPath, failureOf(error).message));
  }
  return errors;
}

function scaleErrors({ scale }: Version, field: string): readonly FieldError[] {
  if (!scale) return [];
  const problemAt = (name: string, steps: readonly string[], roots: readonly string[]) => {
    if (steps.length === 0) return [required(`${field}.${name}`)];
    const detail = `should be a json path under ${roots.map((root) => `.${root}`).join(" or ")}`;
    const fits = steps.length > 1 && roots.includes(steps[0] ?? "");
    return fits ? [] : [invalid(`${field}.${name}`, `.${steps.join(".")}`, detail)];
  };
  return [
    ...problemAt("specReplicasPath", scale.wanted, ["spec"]),
    ...problemAt("statusReplicasPath", scale.present, ["status"]),
    ...(scale.selector ? problemAt("labelSelectorPath", scale.selector, ["spec", "status"]) : []),
  ];
}

function selectableErrors({ schema, selectableFields }: Version, field: string): readonly FieldError[] {
  return selectableFields.flatMap((path, i) => {
    let at = schema;
    for (const step of path.split(".").slice(1)) at = at?.properties?.[step];
    const fits = at?.type === "string" || at?.type === "boolean" || at?.type === "integer";
    const detail = "must be the path of a string, boolean or integer of the schema, such as .spec.color";
    return fits && path.startsWith(".") ? [] : [invalid(`${field}.selectableFields[${i}].jsonPath`, path, detail)];
  });
}
