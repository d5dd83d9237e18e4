import type { CelFunc } from "@bufbuild/cel";
import { type Pattern, parsePattern } from "../schema/pattern.ts";
import { takeSteps } from "./budget.ts";
import { library } from "./library.ts";

/** The functions with regular expressions, of which `matches` takes the place of the library's: it counts. */
export function regexFunctions(): CelFunc[] {
  const { celMethod, CelScalar, listType } = library().cel;
  const { STRING, BOOL, INT } = CelScalar;
  const texts = listType(CelScalar.DYN);
  return [
    celMethod("matches", STRING, [STRING], BOOL, function (pattern) {
      return looked(this, pattern, (one) => one.isIn(this)) ?? false;
    }),
    celMethod("find", STRING, [STRING], STRING, function (pattern) {
      return looked(this, pattern, (one) => one.allIn(this).next().value) ?? "";
    }),
    celMethod("findAll", STRING, [STRING], texts, function (pattern) {
      return all(this, pattern, Number.POSITIVE_INFINITY);
    }),
    celMethod("findAll", STRING, [STRING, INT], texts, function (pattern, limit) {
      return all(this, pattern, limit < 0n ? Number.POSITIVE_INFINITY : Number(limit));
    }),
  ];
}

/** Each of them may have been looked for up to the end of the text, and costs as much. */
function all(text: string, source: string, limit: number): string[] {
  const found: string[] = [];
  const pattern = compiled(source);
  const matches = pattern.allIn(text);
  while (found.length < limit && pay(pattern, text)) {
    const { done, value } = matches.next();
    if (done) break;
    found.push(value);
  }
  return found;
}

/** What it is to look once; undefined if there is no budget for it, which ends the expression. */
function looked<T>(text: string, source: string, look: (pattern: Pattern) => T): T | undefined {
  const pattern = compiled(source);
  return pay(pattern, text) ? look(pattern) : undefined;
}

/** One step of a loop takes as long as this much work of a pattern. */
const workPerStep = 80;

const pay = (pattern: Pattern, text: string) => takeSteps(Math.ceil(pattern.workFor(text) / workPerStep));

const known = new Map<string, Pattern>();
/** Rules have few patterns, and look at many texts. */
const knownLimit = 100;

function compiled(source: string): Pattern {
  const before = known.get(source);
  if (before) return before;
  const pattern = parsePattern(source);
  takeSteps(pattern.size); // a microsecond or two each; the next thing to be paid tells
  if (known.size >= knownLimit) known.clear();
  known.set(source, pattern);
  return pattern;
}
