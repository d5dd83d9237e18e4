import { Failure } from "../../lib/failure.ts";
import type { Json, JsonObject } from "../../lib/json.ts";

/** All values a path leads to. */
export type Reader = (object: JsonObject) => readonly Json[];

type Step = (value: Json) => readonly Json[];

/**
 * Reads kubectl's JSONPath as CRD columns use it: `.a.b`, `['a.b']`, `[0]`, `[-1]`, `[1:3]`, `[*]`, `.*`, `..a` and
 * filters such as `[?(@.type=="Ready")]`, with or without `{}` and `$` around.
 *
 * @throws Failure "invalid" that says where the path cannot be understood
 */
export function parseJsonPath(path: string): Reader {
  const text = path.trim().replace(/^\{(.*)\}$/s, "$1");
  const steps = new JsonPathText(text.replace(/^\$/, "")).steps();
  return (object) => steps.reduce<readonly Json[]>((values, step) => values.flatMap(step), [object]);
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

const property =
  (name: string): Step =>
  (value) => {
    const found = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    return found === undefined ? [] : [found];
  };

const children: Step = (value) => {
  if (isList(value)) return value;
  return isObject(value) ? Object.values(value).filter((item) => item !== undefined) : [];
};

const descendants: Step = (value) => [value, ...children(value).flatMap(descendants)];

const index =
  (at: number): Step =>
  (value) => {
    const found = isList(value) ? value.at(at) : undefined;
    return found === undefined ? [] : [found];
  };

const slice =
  (from: number | undefined, to: number | undefined): Step =>
  (value) =>
    isList(value) ? value.slice(from, to) : [];

const plainStep = /\.?((?:[^.[\]\\]|\\.)+)/y;
const bracketStep = /\.?\[((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^[\]'"]|\[[^\]]*\])*)\]/y;

class JsonPathText {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  steps(): readonly Step[] {
    const steps: Step[] = [];
    while (this.#at < this.#text.length) steps.push(...this.#step());
    return steps;
  }

  #step(): readonly Step[] {
    if (this.#text === ".") {
      this.#at = 1;
      return [];
    }
    const deep = this.#text.startsWith("..", this.#at) ? [descendants] : [];
    this.#at += deep.length;
    const bracket = this.#match(bracketStep);
    if (bracket !== undefined) return [...deep, ...this.#bracket(bracket.trim())];
    const name = this.#match(plainStep)?.replaceAll(/\\(.)/g, "$1");
    if (name === undefined) return this.#refuse();
    return [...deep, name === "*" ? children : property(name)];
  }

  #bracket(inner: string): readonly Step[] {
    if (inner === "*") return [children];
    if (/^-?\d+$/.test(inner)) return [index(Number(inner))];
    const range = /^(-?\d*):(-?\d*)$/.exec(inner);
    if (range) return [slice(numberOf(range[1]), numberOf(range[2]))];
    const quoted = /^'(.*)'$|^"(.*)"$/s.exec(inner);
    if (quoted) return [property((quoted[1] ?? quoted[2] ?? "").replaceAll(/\\(.)/g, "$1"))];
    const filter = /^\?\((.*)\)$/s.exec(inner);
    if (filter) return [parseFilter(filter[1] ?? "")];
    return this.#refuse();
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match?.[1];
  }

  #refuse(): never {
    throw new Failure("invalid", `JSONPath "${this.#text}" cannot be understood from position ${this.#at} on`);
  }
}

const numberOf = (text: string | undefined) => (text ? Number(text) : undefined);

const comparisons: Readonly<Record<string, (a: Json, b: Json) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => Number(a) < Number(b),
  "<=": (a, b) => Number(a) <= Number(b),
  ">": (a, b) => Number(a) > Number(b),
  ">=": (a, b) => Number(a) >= Number(b),
};

/** `@.type=="Ready"`: the items of a list for which the comparison, or the mere presence of the path, holds. */
function parseFilter(text: string): Step {
  const match = /^\s*@(.*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.*?))?\s*$/s.exec(text);
  if (!match) throw new Failure("invalid", `JSONPath filter "${text}" must begin with @`);
  const [, left = "", operator, right = ""] = match;
  const steps = new JsonPathText(left).steps();
  const read = (item: Json) => steps.reduce<readonly Json[]>((values, step) => values.flatMap(step), [item]);
  const compare = operator === undefined ? undefined : comparisons[operator];
  const literal = compare && parseLiteral(right);
  return (value) =>
    children(value).filter((item) => {
      const found = read(item);
      return compare ? found.some((one) => compare(one, literal ?? null)) : found.length > 0;
    });
}

function parseLiteral(text: string): Json {
  const quoted = /^'(.*)'$|^"(.*)"$/s.exec(text);
  if (quoted) return quoted[1] ?? quoted[2] ?? "";
  if (text === "true" || text === "false") return text === "true";
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new Failure("invalid", `JSONPath filter compares with ${text}, which is no text, number or boolean`);
}
