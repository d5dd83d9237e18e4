import { equalJson, type Json } from "../../lib/json.ts";
import { compileList } from "./list.ts";
import { invalid, shown, unsupported, wrongType } from "./messages.ts";
import { compileObject } from "./object.ts";
import { type Path, pathText } from "./path.ts";
import { numberChecks, quantityWalk, stringChecks } from "./scalar.ts";
import type { Schema } from "./schema.ts";
import { type Check, newVisit, type Visit, type Walk, type WalkOptions } from "./walk.ts";

/**
 * The walk of a schema: one pass that drops what the schema does not know, fills in defaults and reports what is wrong,
 * in Kubernetes' own words. Compile once per schema; a walk never changes its input.
 */
export function compileSchema(schema: Schema, options: WalkOptions): Walk {
  const checks = [...enumCheck(schema), ...combinationChecks(schema, options)];
  const walk = walkOfType(schema, options);
  if (checks.length === 0) return nullable(schema, walk);
  return nullable(schema, (value, path, visit) => {
    const before = visit.errors.length;
    const walked = walk(value, path, visit);
    if (visit.errors.length === before) for (const check of checks) check(walked, path, visit);
    return walked;
  });
}

function nullable(schema: Schema, walk: Walk): Walk {
  const wanted = schema["x-kubernetes-int-or-string"] ? "integer,string" : schema.type;
  return (value, path, visit) => {
    if (value !== null) return walk(value, path, visit);
    if (!schema.nullable && wanted) visit.errors.push(wrongType(pathText(path), value, wanted));
    return value;
  };
}

function walkOfType(schema: Schema, options: WalkOptions): Walk {
  if (schema["x-kubernetes-int-or-string"]) return intOrString(schema, options);
  switch (schema.type) {
    case "object":
      return typed("object", isPlainObject, compileObject(schema, options, compileSchema));
    case "array":
      return typed("array", Array.isArray, compileList(schema, options, compileSchema));
    case "string":
      return typed("string", (value) => typeof value === "string", checking(stringChecks(schema)));
    case "integer":
      return typed("integer", isInteger, checking(numberChecks(schema)));
    case "number":
      return typed("number", isNumber, checking(numberChecks(schema)));
    case "boolean":
      return typed("boolean", (value) => typeof value === "boolean", same);
    default:
      return untyped(schema, options);
  }
}

const same: Walk = (value) => value;
const isPlainObject = (value: Json) => typeof value === "object" && value !== null && !Array.isArray(value);
const isInteger = (value: Json) => typeof value === "bigint" || Number.isInteger(value);
const isNumber = (value: Json) => typeof value === "number" || typeof value === "bigint";

function typed(wanted: string, has: (value: Json) => boolean, walk: Walk): Walk {
  return (value, path, visit) => {
    if (has(value)) return walk(value, path, visit);
    visit.errors.push(wrongType(pathText(path), value, wanted));
    return value;
  };
}

function checking(checks: readonly Check[]): Walk {
  if (checks.length === 0) return same;
  return (value, path, visit) => {
    for (const check of checks) check(value, path, visit);
    return value;
  };
}

function intOrString(schema: Schema, options: WalkOptions): Walk {
  const strings = checking(stringChecks(schema));
  const numbers = checking(numberChecks(schema));
  const walk: Walk = (value, path, visit) =>
    typeof value === "string" ? strings(value, path, visit) : numbers(value, path, visit);
  if (options.builtIn && schema.format === "quantity") return quantityWalk;
  return typed("integer,string", (value) => typeof value === "string" || isInteger(value), walk);
}

/** A schema without a type judges each value by what it is; it knows no fields of its own unless it lists some. */
function untyped(schema: Schema, options: WalkOptions): Walk {
  const judging = { ...options, prune: options.prune && schema["x-kubernetes-preserve-unknown-fields"] !== true };
  const object = compileObject(schema, judging, compileSchema);
  const list = compileList(schema, judging, compileSchema);
  const strings = checking(stringChecks(schema));
  const numbers = checking(numberChecks(schema));
  return (value, path, visit) => {
    if (typeof value === "string") return strings(value, path, visit);
    if (isNumber(value)) return numbers(value, path, visit);
    if (Array.isArray(value)) return schema.items || schema.minItems !== undefined ? list(value, path, visit) : value;
    return isPlainObject(value) ? object(value, path, visit) : value;
  };
}

function enumCheck(schema: Schema): readonly Check[] {
  const allowed = schema.enum;
  if (!allowed) return [];
  const plain = new Set(allowed);
  return [
    (value, path, visit) => {
      if (plain.has(value) || allowed.some((one) => equalJson(one, value))) return;
      visit.errors.push(unsupported(pathText(path), value, allowed));
    },
  ];
}

function combinationChecks(schema: Schema, options: WalkOptions): readonly Check[] {
  const judging = { ...options, prune: false };
  const branches = (schemas: readonly Schema[] | undefined) => (schemas ?? []).map((one) => judge(one, judging));
  const allOf = branches(schema.allOf);
  const anyOf = branches(schema.anyOf);
  const oneOf = branches(schema.oneOf);
  const not = schema.not && judge(schema.not, judging);
  const checks: Check[] = [];
  const add = (holds: (...judged: Parameters<Check>) => boolean, what: string) =>
    checks.push((value, path, visit) => {
      if (holds(value, path, visit)) return;
      const field = pathText(path);
      visit.errors.push(invalid(field, value, `${shown(field)} ${what}`));
    });
  if (allOf.length > 0)
    checks.push((value, path, visit) => {
      for (const branch of allOf) visit.errors.push(...branch(value, path, visit));
    });
  if (anyOf.length > 0)
    add(
      (...judged) => anyOf.some((branch) => branch(...judged).length === 0),
      "must validate at least one schema (anyOf)",
    );
  if (oneOf.length > 0)
    add(
      (...judged) => oneOf.filter((branch) => branch(...judged).length === 0).length === 1,
      "must validate one and only one schema (oneOf)",
    );
  if (not) add((...judged) => not(...judged).length > 0, "must not validate the schema (not)");
  return checks;
}

function judge(schema: Schema, options: WalkOptions) {
  const walk = compileSchema(schema, options);
  return (value: Json, path: Path | undefined, around: Visit) => {
    const visit = newVisit(around);
    walk(value, path, visit);
    return visit.errors;
  };
}
