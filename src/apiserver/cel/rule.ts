import type { CelInput } from "@bufbuild/cel";
import { failureOf } from "../../lib/failure.ts";
import type { Json } from "../../lib/json.ts";
import type { FieldError } from "../kinds/kind.ts";
import { invalid, shown } from "../schema/messages.ts";
import { type Path, pathText } from "../schema/path.ts";
import type { Schema, ValidationRule } from "../schema/schema.ts";
import { compileExpression, type Expression } from "./expression.ts";
import { optionalOf } from "./optional.ts";
import { celValueOf, type ToCel } from "./value.ts";

/** Looks at a value, and at what it was before the change; undefined where there was nothing, or on create. */
export type RuleCheck = (value: Json, old: Json | undefined, path: Path | undefined) => readonly FieldError[];

/** The rules of one schema, compiled when the first value comes to be judged. */
export function rulesCheck(schema: Schema): RuleCheck {
  let compiled: { readonly rules: readonly CompiledRule[]; readonly convert: ToCel } | undefined;
  return (value, old, path) => {
    compiled ??= { rules: rulesOf(schema).map((rule) => compileRule(rule, schema)), convert: celValueOf(schema) };
    const { rules, convert } = compiled;
    const self = convert(value);
    const oldSelf = old === undefined || old === null ? undefined : convert(old);
    return rules.flatMap((rule) => rule({ value, self, oldSelf, path }) ?? []);
  };
}

/** What is wrong with the rules of one schema, each problem with the place of the rule in it. */
export function ruleProblems(schema: Schema): readonly { readonly at: string; readonly problem: string }[] {
  return rulesOf(schema).flatMap((rule, i) => {
    const problems: { at: string; problem: string }[] = [];
    for (const field of ["rule", "messageExpression"] as const) {
      const text = rule[field];
      if (text === undefined) continue;
      try {
        compileExpression(text, variablesOf(rule, schema));
      } catch (error) {
        problems.push({ at: `[${i}].${field}`, problem: `compilation failed: ${failureOf(error).message}` });
      }
    }
    return problems;
  });
}

const rulesOf = (schema: Schema) => schema["x-kubernetes-validations"] ?? [];

const variablesOf = (rule: ValidationRule, schema: Schema) => ({
  self: schema,
  oldSelf: rule.optionalOldSelf ? undefined : schema,
});

interface Judged {
  readonly value: Json;
  readonly self: CelInput;
  readonly oldSelf: CelInput | undefined;
  readonly path: Path | undefined;
}

type CompiledRule = (judged: Judged) => FieldError | undefined;

function compileRule(rule: ValidationRule, schema: Schema): CompiledRule {
  const expression = compileExpression(rule.rule, variablesOf(rule, schema));
  const message = messageOf(rule, schema);
  const typeName = schema.type ?? "object";
  return ({ value, self, oldSelf, path }) => {
    if (expression.usesOldSelf && oldSelf === undefined && !rule.optionalOldSelf) return undefined;
    const variables = { self, ...oldVariable(rule, oldSelf) };
    const field = pathText(path) + (rule.fieldPath ?? "");
    try {
      const holds = expression.evaluate(variables);
      if (holds === true) return undefined;
      return refused(field, value, { detail: message(variables), reason: rule.reason });
    } catch (error) {
      const { message: why, code } = failureOf(error);
      return invalid(
        field,
        typeName,
        code === "exhausted" ? why : `${why} evaluating rule: ${rule.message ?? rule.rule}`,
      );
    }
  };
}

/** With optionalOldSelf the old value is an optional. */
function oldVariable(rule: ValidationRule, oldSelf: CelInput | undefined): Record<string, CelInput> {
  if (rule.optionalOldSelf) return { oldSelf: optionalOf(oldSelf) };
  return oldSelf === undefined ? {} : { oldSelf };
}

function messageOf(rule: ValidationRule, schema: Schema): (variables: Readonly<Record<string, CelInput>>) => string {
  const fixed = rule.message ?? `failed rule: ${rule.rule.trim()}`;
  if (rule.messageExpression === undefined) return () => fixed;
  const expression: Expression = compileExpression(rule.messageExpression, variablesOf(rule, schema));
  return (variables) => {
    try {
      const message = expression.evaluate(variables);
      return typeof message === "string" && message.trim() !== "" ? message : fixed;
    } catch {
      return fixed; // Kubernetes falls back likewise: a refusal must not depend on its own wording
    }
  };
}

interface Refusal {
  readonly detail: string;
  readonly reason: string | undefined;
}

/** Objects and lists are not shown: the detail says what is wrong with them, and they can be long. */
function refused(field: string, value: Json, { detail, reason = "FieldValueInvalid" }: Refusal): FieldError {
  const shownValue = typeof value === "object" && value !== null ? "" : `: ${shown(value)}`;
  switch (reason) {
    case "FieldValueForbidden":
      return { field, reason, message: `Forbidden: ${detail}` };
    case "FieldValueRequired":
      return { field, reason, message: `Required value: ${detail}` };
    case "FieldValueDuplicate":
      return { field, reason, message: `Duplicate value${shownValue}` };
    default:
      return { field, reason, message: `Invalid value${shownValue}: ${detail}` };
  }
}
