import { RE2JS } from "re2js";
import { Failure } from "../../lib/failure.ts";

/** A regular expression in Go's language (RE2). It takes time in proportion to the text, whatever it says. */
export interface Pattern {
  /** Its instructions, each of which takes a microsecond or two to compile. */
  readonly size: number;
  /** How much work it is at worst to look at a text: some 40 of it are done in a microsecond. */
  workFor(text: string): number;
  isIn(text: string): boolean;
  /** The texts that it finds, from left to right. */
  allIn(text: string): Generator<string, undefined>;
}

/** @throws Failure "invalid" if it is no regular expression, or one that has no end */
export function parsePattern(source: string): Pattern {
  const compiled = compile(source);
  const size = compiled.programSize();
  return {
    size,
    workFor: (text) => size * (text.length + 1),
    isIn: (text) => compiled.test(text),
    *allIn(text) {
      const matcher = compiled.matcher(text);
      while (matcher.find()) yield matcher.group() ?? "";
      return undefined;
    },
  };
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    throw new Failure("invalid", `"${source}" is not a valid regular expression`, { cause: error });
  }
}
