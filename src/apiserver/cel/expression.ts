import type { CelEnv, CelInput, CelValue } from "@bufbuild/cel";
import { Failure } from "../../lib/failure.ts";
import type { Schema } from "../schema/schema.ts";
import { beginExpression, overrun, takeSteps } from "./budget.ts";
import { kubernetesFunctions } from "./functions.ts";
import { library } from "./library.ts";
import { withMacros } from "./macros.ts";
import { namesIn } from "./names-in.ts";
import { withoutOptionalSyntax } from "./optional-syntax.ts";
import { type Expr, rewritten } from "./rewrite.ts";

/** A compiled CEL expression over `self` and `oldSelf`. */
export interface Expression {
  readonly usesOldSelf: boolean;
  /** @throws Failure "invalid" with what went wrong, such as a key that is not there; "exhausted" if it is too dear */
  evaluate(variables: Readonly<Record<string, CelInput>>): CelValue;
}

/** Longer than any rule a person writes; the parser's time grows with the text. */
const textLimit = 10_000;

let environment: CelEnv | undefined;

/**
 * @param variables the schemas of `self` and `oldSelf`, undefined where they can be anything
 * @throws Failure "invalid" if the text is no CEL, or names something that does not exist
 */
export function compileExpression(text: string, variables: Readonly<Record<string, Schema | undefined>>): Expression {
  if (text.length > textLimit) throw new Failure("invalid", `expression is longer than ${textLimit} characters`);
  const { cel, strings } = library();
  environment ??= cel.celEnv({ funcs: [...strings, ...kubernetesFunctions(), stepFunction()] });
  const { funcs } = environment;
  const expr = withMacros(parse(withoutOptionalSyntax(text)));
  const names = namesIn(expr, { variables, isFunction: (name) => funcs.find(name) !== undefined });
  const run = cel.plan(environment, withSteps(expr));
  return {
    usesOldSelf: names.has("oldSelf"),
    evaluate(values) {
      beginExpression();
      const result = run(values);
      const problem = overrun(text);
      if (problem !== undefined) throw new Failure("exhausted", problem);
      if (cel.isCelError(result)) throw new Failure("invalid", readable(result.message), { cause: result });
      return result;
    },
  };
}

function parse(text: string): Expr {
  try {
    const { expr } = library().cel.parse(text);
    if (expr) return expr;
    throw new SyntaxError("the expression is empty");
  } catch (error) {
    throw new Failure("invalid", error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Stands in the condition of every loop. No text can name it. */
const step = "@step";

const stepFunction = () => library().cel.celFunc(step, [], library().cel.CelScalar.BOOL, () => takeSteps(1));

/** The expression with its loops counted. */
function withSteps(expr: Expr): Expr {
  return rewritten(expr, (one) => {
    const { exprKind } = one;
    if (exprKind.case !== "comprehensionExpr") return one;
    const { loopCondition } = exprKind.value;
    const counted = rewritten(parse("step() && condition"), (part) => {
      if (part.exprKind.case === "identExpr" && loopCondition) return loopCondition;
      if (part.exprKind.case !== "callExpr" || part.exprKind.value.function !== "step") return part;
      return { ...part, exprKind: { ...part.exprKind, value: { ...part.exprKind.value, function: step } } };
    });
    return { ...one, exprKind: { ...exprKind, value: { ...exprKind.value, loopCondition: counted } } };
  });
}

const readable = (message: string) => message.replace(/^field not found: /, "no such key: ");
