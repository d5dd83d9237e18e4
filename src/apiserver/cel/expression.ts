import type { CelEnv, CelInput, CelValue } from "@bufbuild/cel";
import { Failure } from "../../lib/failure.ts";
import type { Schema } from "../schema/schema.ts";
import { kubernetesFunctions } from "./functions.ts";
import { library } from "./library.ts";
import { namesIn } from "./names-in.ts";

/** A compiled CEL expression over `self` and `oldSelf`. */
export interface Expression {
  readonly usesOldSelf: boolean;
  /** @throws Failure "invalid" with what went wrong, such as a key that is not there */
  evaluate(variables: Readonly<Record<string, CelInput>>): CelValue;
}

/** Longer than any rule a person writes; the parser's time grows with the text. */
const textLimit = 10_000;

let environment: CelEnv | undefined;

/**
 * @param variables the schemas of `self` and `oldSelf`, undefined where they can be anything
 * @throws Failure "invalid" if the text is no CEL, or names something that does not exist
 */
export function compileExpression(
  text: string,
  variables: Readonly<Record<"self" | "oldSelf", Schema | undefined>>,
): Expression {
  if (text.length > textLimit) throw new Failure("invalid", `expression is longer than ${textLimit} characters`);
  const { cel, strings } = library();
  environment ??= cel.celEnv({ funcs: [...strings, ...kubernetesFunctions()] });
  const { funcs } = environment;
  const parsed = parse(text);
  const names = namesIn(parsed.expr, { variables, isFunction: (name) => funcs.find(name) !== undefined });
  const run = cel.plan(environment, parsed);
  return {
    usesOldSelf: names.has("oldSelf"),
    evaluate(values) {
      const result = run(values);
      if (cel.isCelError(result)) throw new Failure("invalid", readable(result.message), { cause: result });
      return result;
    },
  };
}

function parse(text: string) {
  try {
    return library().cel.parse(text);
  } catch (error) {
    throw new Failure("invalid", error instanceof Error ? error.message : String(error), { cause: error });
  }
}

const readable = (message: string) => message.replace(/^field not found: /, "no such key: ");
