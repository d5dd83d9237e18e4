import { Failure } from "../../lib/failure.ts";
import type { Schema } from "../schema/schema.ts";
import { celName } from "./escape.ts";
import type { Expr } from "./rewrite.ts";

export interface Scope {
  /** What the variables of the expression look like; a variable without a schema can be anything. */
  readonly variables: Readonly<Record<string, Schema | undefined>>;
  readonly isFunction: (name: string) => boolean;
}

/** Names of types, which may be compared with: `type(self.x) == int`. */
const typeNames = new Set("int uint double bool string bytes list map null_type type".split(" "));

/**
 * The variables an expression uses. Looks at every name in it on the way.
 *
 * @throws Failure "invalid" for a variable, function or field that does not exist
 */
export function namesIn(expr: Expr, scope: Scope): ReadonlySet<string> {
  const used = new Set<string>();
  new Names(scope, used).visit(expr, new Set());
  return used;
}

type Bound = ReadonlySet<string>;

class Names {
  readonly #scope: Scope;
  readonly #used: Set<string>;

  constructor(scope: Scope, used: Set<string>) {
    this.#scope = scope;
    this.#used = used;
  }

  /** Checks an expression; gives back the schema of its value, as far as it is known. */
  visit(expr: Expr | undefined, bound: Bound): Schema | undefined {
    if (!expr) return undefined;
    const { exprKind } = expr;
    switch (exprKind.case) {
      case "identExpr":
        return this.#variable(exprKind.value.name, bound);
      case "selectExpr":
        return fieldOf(this.visit(exprKind.value.operand, bound), exprKind.value.field);
      case "callExpr":
        return this.#call(exprKind.value, bound);
      case "listExpr":
        for (const element of exprKind.value.elements) this.visit(element, bound);
        return undefined;
      case "structExpr":
        for (const entry of exprKind.value.entries) {
          if (entry.keyKind.case === "mapKey") this.visit(entry.keyKind.value, bound);
          this.visit(entry.value, bound);
        }
        return undefined;
      case "comprehensionExpr":
        return this.#comprehension(exprKind.value, bound);
      default:
        return undefined;
    }
  }

  #variable(name: string, bound: Bound): Schema | undefined {
    if (bound.has(name) || typeNames.has(name)) return undefined;
    if (!Object.hasOwn(this.#scope.variables, name)) throw new Failure("invalid", `undeclared reference to '${name}'`);
    this.#used.add(name);
    return this.#scope.variables[name];
  }

  #call(call: Extract<Expr["exprKind"], { case: "callExpr" }>["value"], bound: Bound): Schema | undefined {
    const { target, args } = call;
    const prefix = target?.exprKind.case === "identExpr" ? `${target.exprKind.value.name}.` : "";
    const isNamespaced = prefix !== "" && this.#scope.isFunction(prefix + call.function);
    const operand = isNamespaced ? undefined : this.visit(target, bound);
    const schemas = args.map((arg) => this.visit(arg, bound));
    if (call.function === "_[_]") return elementOf(schemas[0]);
    if (call.function === "__at") return elementOf(operand);
    if (call.function === "__select") return fieldOf(operand, textOf(args[0]));
    if (/^\w+$/.test(call.function) && !isNamespaced && !this.#scope.isFunction(call.function))
      throw new Failure("invalid", `undeclared reference to '${call.function}'`);
    return call.function === "dyn" ? operand : undefined;
  }

  #comprehension(
    loop: Extract<Expr["exprKind"], { case: "comprehensionExpr" }>["value"],
    bound: Bound,
  ): Schema | undefined {
    this.visit(loop.iterRange, bound);
    this.visit(loop.accuInit, bound);
    const inner = new Set([...bound, loop.iterVar, loop.accuVar]);
    this.visit(loop.loopCondition, inner);
    this.visit(loop.loopStep, inner);
    this.visit(loop.result, inner);
    return undefined;
  }
}

const textOf = (expr: Expr | undefined) => {
  if (expr?.exprKind.case !== "constExpr" || expr.exprKind.value.constantKind.case !== "stringValue") return "";
  return expr.exprKind.value.constantKind.value;
};

function elementOf(schema: Schema | undefined): Schema | undefined {
  if (schema?.items) return schema.items;
  return typeof schema?.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

const metadataFields = new Set(["apiVersion", "kind", "metadata"]);

const scalars: readonly unknown[] = ["string", "integer", "number", "boolean"];

function fieldOf(schema: Schema | undefined, field: string): Schema | undefined {
  if (scalars.includes(schema?.type))
    throw new Failure("invalid", `type '${schema?.type}' does not support field selection: '${field}'`);
  const isOpen =
    schema?.["x-kubernetes-preserve-unknown-fields"] === true || schema?.additionalProperties !== undefined;
  if (schema?.type !== "object" || isOpen) return elementOf(schema);
  const properties = schema.properties ?? {};
  const name = Object.keys(properties).find((one) => one === field || celName(one) === field);
  if (name !== undefined) return properties[name];
  if (schema["x-kubernetes-embedded-resource"] && metadataFields.has(field)) return undefined;
  throw new Failure("invalid", `undefined field '${field}'`);
}
