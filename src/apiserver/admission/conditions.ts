import type { CelInput } from "@bufbuild/cel";
import { failureOf } from "../../lib/failure.ts";
import type { JsonObject } from "../../lib/json.ts";
import { beginObject } from "../cel/budget.ts";
import { compileExpression, type Expression } from "../cel/expression.ts";
import { celValueOf } from "../cel/value.ts";
import type { Condition } from "./hooks.ts";

/** What conditions may look at. */
const variables = { object: undefined, oldObject: undefined, request: undefined };

const compiled = new Map<string, Expression>();
/** Far more than all webhooks of a cluster have. */
const compiledLimit = 1000;

/**
 * Whether all conditions hold for a request for admission.
 *
 * @returns true, false, or why it cannot be told
 */
export function meetsConditions(conditions: readonly Condition[], request: JsonObject): boolean | string {
  if (conditions.length === 0) return true;
  const values = variablesOf(request);
  let problem = "";
  for (const { expression } of conditions) {
    try {
      if (expressionOf(expression).evaluate(values) !== true) return false; // one that does not hold outweighs any error
    } catch (error) {
      problem ||= `expression '${expression}' resulted in error: ${failureOf(error).message}`;
    }
  }
  return problem === "" ? true : problem;
}

function variablesOf(request: JsonObject): Readonly<Record<string, CelInput>> {
  beginObject();
  const convert = celValueOf(undefined);
  const { object = null, oldObject = null } = request;
  return { object: convert(object), oldObject: convert(oldObject), request: convert(request) };
}

function expressionOf(text: string): Expression {
  const known = compiled.get(text);
  if (known) return known;
  const expression = compileExpression(text, variables);
  if (compiled.size >= compiledLimit) compiled.clear();
  compiled.set(text, expression);
  return expression;
}

/** Why a condition cannot be one; undefined if it can. */
export function conditionProblem(text: string): string | undefined {
  try {
    compileExpression(text, variables);
    return undefined;
  } catch (error) {
    return `compilation failed: ${failureOf(error).message}`;
  }
}
