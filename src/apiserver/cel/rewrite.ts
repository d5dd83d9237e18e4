import type { library } from "./library.ts";

export type Expr = NonNullable<ReturnType<ReturnType<typeof library>["cel"]["parse"]>["expr"]>;
export type Call = Extract<Expr["exprKind"], { case: "callExpr" }>["value"];
export type Comprehension = Extract<Expr["exprKind"], { case: "comprehensionExpr" }>["value"];

/** The expression with `change` applied to each part of it, the innermost first. */
export function rewritten(expr: Expr, change: (expr: Expr) => Expr): Expr {
  const inner = (one: Expr) => rewritten(one, change);
  const maybe = (one: Expr | undefined) => one && inner(one);
  const { exprKind } = expr;
  switch (exprKind.case) {
    case "selectExpr": {
      const { operand, ...rest } = exprKind.value;
      return change({ ...expr, exprKind: { ...exprKind, value: { ...rest, ...given("operand", maybe(operand)) } } });
    }
    case "callExpr": {
      const { target, ...rest } = exprKind.value;
      const value = { ...rest, ...given("target", maybe(target)), args: rest.args.map(inner) };
      return change({ ...expr, exprKind: { ...exprKind, value } });
    }
    case "listExpr": {
      const value = { ...exprKind.value, elements: exprKind.value.elements.map(inner) };
      return change({ ...expr, exprKind: { ...exprKind, value } });
    }
    case "structExpr": {
      const entries = exprKind.value.entries.map(({ keyKind, value, ...rest }) => ({
        ...rest,
        keyKind: keyKind.case === "mapKey" ? { ...keyKind, value: inner(keyKind.value) } : keyKind,
        ...given("value", maybe(value)),
      }));
      return change({ ...expr, exprKind: { ...exprKind, value: { ...exprKind.value, entries } } });
    }
    case "comprehensionExpr":
      return change({ ...expr, exprKind: { ...exprKind, value: loopRewritten(exprKind.value, maybe) } });
    default:
      return change(expr);
  }
}

function loopRewritten(loop: Comprehension, inner: (expr: Expr | undefined) => Expr | undefined): Comprehension {
  const { iterRange, accuInit, loopCondition, loopStep, result, ...rest } = loop;
  return {
    ...rest,
    ...given("iterRange", inner(iterRange)),
    ...given("accuInit", inner(accuInit)),
    ...given("loopCondition", inner(loopCondition)),
    ...given("loopStep", inner(loopStep)),
    ...given("result", inner(result)),
  };
}

const given = <K extends string>(name: K, expr: Expr | undefined) =>
  (expr ? { [name]: expr } : {}) as { readonly [name in K]?: Expr };
