import { Failure } from "../../lib/failure.ts";
import { labelValueProblem, qualifiedNameProblem } from "../kinds/names.ts";

type Labels = Readonly<Record<string, string>>;
type Test = (labels: Labels) => boolean;

/** More requirements than anybody writes by hand; each is tried on every object of a list. */
const requirementLimit = 256;

/**
 * Reads the labelSelector of a query: `app=db,tier in (a,b),!old,size>3`. The empty text selects everything.
 *
 * @throws Failure "invalid" that says what is wrong, and at which position of the text
 */
export function parseLabelSelector(text: string): Test {
  const tests = new LabelSelectorText(text).requirements();
  return (labels) => tests.every((test) => test(labels));
}

const labelOf = (labels: Labels, key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined);

const token = /\s*(==|!=|>|<|=|!|,|\(|\)|[^\s=!<>,()]+)\s*/y;

class LabelSelectorText {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  requirements(): readonly Test[] {
    const tests: Test[] = [];
    if (this.#text.trim() === "") return tests;
    for (;;) {
      tests.push(this.#requirement());
      if (tests.length > requirementLimit) this.#refuse(`has more than ${requirementLimit} requirements`);
      if (this.#peek() === undefined) return tests;
      this.#expect(",");
    }
  }

  #requirement(): Test {
    if (this.#peek() === "!") {
      this.#next();
      const key = this.#key();
      return (labels) => labelOf(labels, key) === undefined;
    }
    const key = this.#key();
    const operator = this.#peek();
    if (operator === undefined || operator === ",") return (labels) => labelOf(labels, key) !== undefined;
    this.#next();
    return this.#comparison(key, operator);
  }

  #comparison(key: string, operator: string): Test {
    switch (operator) {
      case "=":
      case "==": {
        const wanted = this.#value();
        return (labels) => labelOf(labels, key) === wanted;
      }
      case "!=": {
        const unwanted = this.#value();
        return (labels) => labelOf(labels, key) !== unwanted;
      }
      case "in": {
        const wanted = this.#values();
        return (labels) => wanted.has(labelOf(labels, key));
      }
      case "notin": {
        const unwanted = this.#values();
        return (labels) => !unwanted.has(labelOf(labels, key));
      }
      case ">":
      case "<":
        return this.#order(key, operator);
      default:
        return this.#refuse(`has "${operator}" where =, ==, !=, in, notin, > or < is expected`);
    }
  }

  #order(key: string, operator: "<" | ">"): Test {
    const text = this.#value();
    if (!/^-?\d+$/.test(text)) this.#refuse(`compares ${key} with "${text}", which is not an integer`);
    const bound = BigInt(text);
    return (labels) => {
      const value = labelOf(labels, key);
      if (value === undefined || !/^-?\d+$/.test(value)) return false;
      return operator === ">" ? BigInt(value) > bound : BigInt(value) < bound;
    };
  }

  #values(): ReadonlySet<string | undefined> {
    this.#expect("(");
    const values = new Set<string>();
    for (;;) {
      values.add(this.#value());
      const end = this.#next();
      if (end === ")") return values;
      if (end !== ",") this.#refuse(`has "${end ?? "its end"}" where , or ) is expected`);
    }
  }

  #key(): string {
    const key = this.#next() ?? "";
    const problem = qualifiedNameProblem(key);
    if (problem) this.#refuse(`has the label key "${key}": ${problem}`);
    return key;
  }

  /** The empty value is allowed: `app=` selects objects whose label is there and empty. */
  #value(): string {
    const next = this.#peek();
    if (next === undefined || next === "," || next === ")") return "";
    this.#next();
    const problem = labelValueProblem(next);
    if (problem) this.#refuse(`has the label value "${next}": ${problem}`);
    return next;
  }

  #peek(): string | undefined {
    const from = this.#at;
    const next = this.#next();
    this.#at = from;
    return next;
  }

  #next(): string | undefined {
    token.lastIndex = this.#at;
    const match = token.exec(this.#text);
    if (!match) return undefined;
    this.#at = token.lastIndex;
    return match[1];
  }

  #expect(wanted: string): void {
    const got = this.#next();
    if (got !== wanted) this.#refuse(`has "${got ?? "its end"}" where "${wanted}" is expected`);
  }

  #refuse(problem: string): never {
    throw new Failure("invalid", `label selector "${this.#text}" ${problem} (near position ${this.#at})`);
  }
}
