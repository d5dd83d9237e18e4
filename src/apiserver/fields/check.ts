import type { Json, JsonObject } from "../../lib/json.ts";
import { stringifyJson } from "../../lib/json.ts";
import { isList, isMap } from "./collect.ts";
import { elementText, fieldElement } from "./element.ts";
import { elementOf } from "./items.ts";
import { anything, type ListShape, type MapShape, type ScalarShape, type Shape, shapeFor } from "./shape.ts";

/** Why a configuration cannot be applied: a path and what is wrong there. */
export interface ShapeError {
  readonly path: string;
  readonly problem: string;
}

/** What of a configuration does not fit its shape: unknown fields, values of another type, items that occur twice. */
export function shapeErrors(value: JsonObject, shape: Shape): readonly ShapeError[] {
  const errors: ShapeError[] = [];
  check(value, shape, { path: "", errors });
  return errors;
}

/** The errors in the words of Kubernetes: one on its line, several below each other. */
export function shapeErrorText(errors: readonly ShapeError[]): string {
  const lines = errors.map(({ path, problem }) => (path === "" ? problem : `${path}: ${problem}`));
  return lines.length === 1 ? (lines[0] ?? "") : ["errors:", ...lines.map((line) => `  ${line}`)].join("\n");
}

interface Visit {
  readonly path: string;
  readonly errors: ShapeError[];
}

function check(value: Json, shape: Shape, visit: Visit): void {
  const known = shapeFor(shape, value);
  if (value === null) return;
  if (known.is === "scalar") checkScalar(value, known, visit);
  else if (known.is === "map") checkMap(value, known, visit);
  else checkList(value, known, visit);
}

const report = ({ path, errors }: Visit, problem: string) => errors.push({ path, problem });

function checkScalar(value: Json, { type }: ScalarShape, visit: Visit): void {
  const found = typeof value === "bigint" ? "number" : typeof value;
  if (type === "any" ? found !== "object" : found === type) return;
  const wanted = { string: "string", number: "numeric (int or float)", boolean: "boolean", any: "any scalar" }[type];
  report(
    visit,
    `expected ${wanted}, got ${found === "object" || type === "any" ? goValue(value) : goText(value, type)}`,
  );
}

/** As Kubernetes shows values in these messages, which some clients look at. */
const goValue = (value: Json) => `&{${typeof value === "string" ? value : stringifyJson(value)}}`;
const goText = (value: Json, wanted: ScalarShape["type"]) => {
  if (wanted === "number") return goType(value);
  return wanted === "string" ? `&value.valueUnstructured{Value:${String(value)}}` : goValue(value);
};

const goType = (value: Json) =>
  isList(value) ? "[]interface {}" : isMap(value) ? "map[string]interface {}" : goScalar(value);
const goScalar = (value: Json) => (typeof value === "boolean" ? "bool" : typeof value);

function checkMap(value: Json, shape: MapShape, visit: Visit): void {
  if (!isMap(value)) return void report(visit, `expected map, got ${goValue(value)}`);
  for (const [key, item] of Object.entries(value)) {
    const field = shape.fields.get(key)?.shape ?? shape.others;
    const below = { ...visit, path: visit.path + elementText(fieldElement(key)) };
    if (field === undefined) return void report(below, "field not declared in schema");
    if (item !== undefined) check(item, field, below);
  }
}

function checkList(value: Json, shape: ListShape, visit: Visit): void {
  if (!isList(value)) return void report(visit, `expected list, got ${goValue(value)}`);
  const seen = new Set<string>();
  for (const [i, item] of value.entries()) {
    const element = shape.atomic ? `i:${i}` : elementOf(item, shape);
    if (typeof element !== "string") return void report(visit, `element ${i}: ${element.problem}`);
    const below = { ...visit, path: visit.path + elementText(element) };
    if (seen.has(element)) report(visit, `duplicate entries for key ${elementText(element)}`);
    seen.add(element);
    check(item, shape.items ?? anything, below);
  }
}
