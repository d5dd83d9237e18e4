import { Failure } from "../../lib/failure.ts";
import { equalJson, type Json, type JsonObject, stringifyJson } from "../../lib/json.ts";
import { setOwn } from "./merge.ts";
import { isList, isObject } from "./shape.ts";

/** Kubernetes' own limit; a longer patch is quadratic work for the asking. */
const operationLimit = 10_000;

type Edit = (holder: Json | undefined, key: string) => Json;

/**
 * The document after a JSON patch (RFC 6902), its operations applied in order, all or none.
 *
 * @throws Failure "invalid" that names the operation by its index, and says why it cannot be applied
 */
export function applyJsonPatch(doc: JsonObject, ops: Json): JsonObject {
  if (!isList(ops)) throw new Failure("invalid", "a JSON patch must be a list of operations");
  if (ops.length > operationLimit)
    throw new Failure("invalid", `JSON patch has ${ops.length} operations, more than ${operationLimit}`);
  let result: Json = doc;
  ops.forEach((operation, index) => {
    result = applyOperation(result, new Operation(operation, index));
  });
  if (!isObject(result)) throw new Failure("invalid", "the JSON patch leaves no object behind");
  return result;
}

function applyOperation(doc: Json, operation: Operation): Json {
  const path = operation.pointer("path");
  switch (operation.name) {
    case "add":
      return edit(doc, path, adding(operation.value(), operation));
    case "remove":
      return edit(doc, path, removing(operation));
    case "replace":
      return edit(doc, path, replacing(operation.value(), operation));
    case "move":
      return move(doc, { from: operation.pointer("from"), path, operation });
    case "copy":
      return edit(doc, path, adding(lookUp(doc, operation.pointer("from"), operation), operation));
    case "test":
      return test(doc, path, operation);
    default:
      return operation.refuse(`the operation "${operation.name}" does not exist`);
  }
}

interface Move {
  readonly from: readonly string[];
  readonly path: readonly string[];
  readonly operation: Operation;
}

function move(doc: Json, { from, path, operation }: Move): Json {
  if (path.length > from.length && from.every((step, i) => step === path[i]))
    operation.refuse("a value cannot be moved into itself");
  const value = lookUp(doc, from, operation);
  if (path.length === from.length && from.every((step, i) => step === path[i])) return doc;
  return edit(edit(doc, from, removing(operation)), path, adding(value, operation));
}

/** Null is also what is at a member that is not there: so Kubernetes' clients ask for its absence. */
function test(doc: Json, path: readonly string[], operation: Operation): Json {
  if (operation.value() === null && isAbsent(doc, path, operation)) return doc;
  const actual = lookUp(doc, path, operation);
  if (!equalJson(actual, operation.value()))
    operation.refuse(`the value there is ${stringifyJson(actual).slice(0, 200)}`);
  return doc;
}

function isAbsent(doc: Json, path: readonly string[], operation: Operation): boolean {
  const holder = lookUp(doc, path.slice(0, -1), operation);
  return isObject(holder) && !Object.hasOwn(holder, path.at(-1) ?? "");
}

function lookUp(doc: Json, path: readonly string[], operation: Operation): Json {
  let value: Json | undefined = doc;
  for (const step of path) {
    if (isList(value)) value = value[indexIn(value, step, { end: false, operation })];
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
    if (value === undefined) return operation.refuse(`there is nothing at "${step}"`);
  }
  return value;
}

/** Copies the containers on the way to `path`, and lets `change` make the innermost one anew. */
function edit(doc: Json, path: readonly string[], change: Edit): Json {
  const [step, ...rest] = path;
  if (step === undefined) return change(undefined, "");
  if (rest.length === 0) return change(doc, step);
  if (isList(doc)) {
    const at = /^(0|[1-9]\d*)$/.test(step) ? Number(step) : -1;
    const inner = doc[at];
    return inner === undefined ? change(undefined, step) : doc.with(at, edit(inner, rest, change));
  }
  const inner = isObject(doc) && Object.hasOwn(doc, step) ? doc[step] : undefined;
  if (!isObject(doc) || inner === undefined) return change(undefined, step);
  return withKey(doc, step, edit(inner, rest, change));
}

const withKey = (object: JsonObject, key: string, value: Json): JsonObject => {
  const copy = { ...object };
  setOwn(copy, key, value);
  return copy;
};

const adding =
  (value: Json, operation: Operation): Edit =>
  (holder, key) => {
    if (holder === undefined && operation.isRoot("path")) return value;
    if (isList(holder)) return holder.toSpliced(indexIn(holder, key, { end: true, operation }), 0, value);
    if (!isObject(holder)) return operation.refuse(`there is nothing that could hold "${key}"`);
    return withKey(holder, key, value);
  };

/** A member that is not there is added, as Kubernetes does: its sidecars replace statuses that were never set. */
const replacing =
  (value: Json, operation: Operation): Edit =>
  (holder, key) => {
    if (holder === undefined && operation.isRoot("path")) return value;
    if (isList(holder)) return holder.with(indexIn(holder, key, { end: false, operation }), value);
    if (!isObject(holder)) return operation.refuse(`there is nothing that could hold "${key}"`);
    return withKey(holder, key, value);
  };

const removing =
  (operation: Operation): Edit =>
  (holder, key) => {
    if (isList(holder)) return holder.toSpliced(indexIn(holder, key, { end: false, operation }), 1);
    if (!isObject(holder) || !Object.hasOwn(holder, key)) return operation.refuse(`there is nothing at "${key}"`);
    const { [key]: _removed, ...kept } = holder;
    return kept;
  };

function indexIn(
  list: readonly Json[],
  step: string,
  { end, operation }: { readonly end: boolean; readonly operation: Operation },
): number {
  if (end && step === "-") return list.length;
  if (!/^(0|[1-9]\d*)$/.test(step)) return operation.refuse(`"${step}" is not an index of a list`);
  const index = Number(step);
  if (index >= list.length + (end ? 1 : 0))
    return operation.refuse(`index ${step} is beyond the end of a list of ${list.length}`);
  return index;
}

class Operation {
  readonly name: string;
  readonly #source: JsonObject;
  readonly #index: number;

  constructor(source: Json, index: number) {
    this.#index = index;
    this.#source = isObject(source) ? source : this.refuse("it is not an object");
    this.name = this.#text("op");
  }

  value(): Json {
    const value = this.#source.value;
    return value === undefined ? this.refuse(`it has no "value"`) : value;
  }

  isRoot(member: "path" | "from"): boolean {
    return this.#source[member] === "";
  }

  pointer(member: "path" | "from"): readonly string[] {
    const text = this.#text(member);
    if (text === "") return [];
    if (!text.startsWith("/")) return this.refuse(`its ${member} "${text}" does not begin with a slash`);
    return text
      .slice(1)
      .split("/")
      .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  }

  refuse(why: string): never {
    const source = this.#source as JsonObject | undefined; // not set yet while the constructor refuses
    const what = source ? `${String(source.op)} at "${String(source.path)}"` : "operation";
    throw new Failure("invalid", `JSON patch: ${what} (index ${this.#index}) cannot be applied: ${why}`);
  }

  #text(member: string): string {
    const value = this.#source[member];
    return typeof value === "string" ? value : this.refuse(`its "${member}" is not a string`);
  }
}
