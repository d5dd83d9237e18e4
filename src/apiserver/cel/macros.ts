import { library } from "./library.ts";
import { type Call, type Expr, rewritten } from "./rewrite.ts";

/**
 * The macros that Kubernetes has and the library has not: `cel.bind`, comprehensions with two variables (of lists: index
 * and item; of maps: key and value), and those of optionals. Each becomes what the library knows.
 */
export const withMacros = (expr: Expr): Expr => rewritten(expr, expandedOne);

function expandedOne(expr: Expr): Expr {
  const { exprKind } = expr;
  if (exprKind.case === "selectExpr" && !exprKind.value.testOnly && isOptionalChain(exprKind.value.operand))
    return filled("__target.__select(__field)", {
      __target: exprKind.value.operand,
      __field: literal(exprKind.value.field),
    });
  if (exprKind.case !== "callExpr") return expr;
  const [whole, at] = exprKind.value.args;
  if (exprKind.value.function === "_[_]" && isOptionalChain(whole))
    return filled("__target.__at(__key)", { __target: whole, __key: at });
  return boundIn(exprKind.value) ?? pairwise(exprKind.value) ?? optional(exprKind.value) ?? expr;
}

/** What follows `.?field` or `[?key]` is optional as well. */
function isOptionalChain(expr: Expr | undefined): boolean {
  return expr?.exprKind.case === "callExpr" && ["__select", "__at"].includes(expr.exprKind.value.function);
}

function boundIn({ target, function: name, args }: Call): Expr | undefined {
  const [variable, value, body] = args;
  const isBind = name === "bind" && target?.exprKind.case === "identExpr" && target.exprKind.value.name === "cel";
  const variableName = nameOf(variable);
  return isBind && variableName !== undefined && value && body ? bind(variableName, value, body) : undefined;
}

/** A loop over nothing, whose result sees what it began with. */
function bind(name: string, value: Expr, body: Expr): Expr {
  const loop = library().cel.parse("[].exists(unused, false)").expr;
  if (loop?.exprKind.case !== "comprehensionExpr") return body; // the library's own macro
  const { accuInit, ...rest } = loop.exprKind.value;
  const parts = {
    iterVar: "@unused",
    accuVar: name,
    accuInit: value,
    ...(accuInit && { loopCondition: accuInit }),
    loopStep: ident(name),
    result: body,
  };
  return { ...loop, exprKind: { case: "comprehensionExpr", value: { ...rest, ...parts } } };
}

/** By name and number of arguments: the same with one variable, over the keys. */
const pairMacros: Readonly<Record<string, string>> = {
  "all 3": "__keys(__range).all(__key, __then)",
  "exists 3": "__keys(__range).exists(__key, __then)",
  "exists_one 3": "__keys(__range).exists_one(__key, __then)",
  "existsOne 3": "__keys(__range).exists_one(__key, __then)",
  "transformList 3": "__keys(__range).map(__key, __then)",
  "transformList 4": "__keys(__range).map(__key, __if, __then)",
  "transformMap 3": "__mapOf(__keys(__range).map(__key, [__keyName, __then]))",
  "transformMap 4": "__mapOf(__keys(__range).map(__key, __if, [__keyName, __then]))",
  "transformMapEntry 3": "__merged(__keys(__range).map(__key, __then))",
  "transformMapEntry 4": "__merged(__keys(__range).map(__key, __if, __then))",
};

const range = "@range";

function pairwise({ target, function: name, args }: Call): Expr | undefined {
  const template = pairMacros[`${name} ${args.length}`];
  const [key, value] = args.slice(0, 2).map(nameOf);
  const then = args.at(-1);
  if (template === undefined || !target || key === undefined || value === undefined || !then) return undefined;
  const item = filled("__range[__keyName]", { __range: ident(range), __keyName: ident(key) });
  const withValue = (expr: Expr | undefined) => expr && bind(value, item, expr);
  const loop = filled(template, {
    __range: ident(range),
    __key: key,
    __keyName: ident(key),
    __if: withValue(args[2]),
    __then: withValue(then),
  });
  return bind(range, target, loop);
}

function optional({ target, function: name, args }: Call): Expr | undefined {
  const [variable, body] = args;
  const variableName = nameOf(variable);
  if ((name !== "optMap" && name !== "optFlatMap") || !target || variableName === undefined || !body) return undefined;
  const held = ident("@optional");
  const then = bind(variableName, filled("__held.value()", { __held: held }), body);
  const template = name === "optMap" ? "optional.of(__then)" : "__then";
  const parts = { __held: held, __then: then };
  return bind("@optional", target, filled(`__held.hasValue() ? ${template} : optional.none()`, parts));
}

const nameOf = (expr: Expr | undefined) => (expr?.exprKind.case === "identExpr" ? expr.exprKind.value.name : undefined);

/** The template with its names replaced: by expressions, or by the name of a loop's variable. */
function filled(template: string, parts: Readonly<Record<string, Expr | string | undefined>>): Expr {
  const { expr } = library().cel.parse(template);
  if (!expr) throw new TypeError(`the template ${template} is an expression`);
  return rewritten(expr, (one) => {
    const { exprKind } = one;
    if (exprKind.case === "comprehensionExpr") {
      const name = parts[exprKind.value.iterVar];
      if (typeof name !== "string") return one;
      return { ...one, exprKind: { ...exprKind, value: { ...exprKind.value, iterVar: name } } };
    }
    const part = parts[nameOf(one) ?? ""];
    return typeof part === "object" ? part : one;
  });
}

function ident(name: string): Expr {
  const template = library().cel.parse("x").expr;
  if (template?.exprKind.case !== "identExpr") throw new TypeError("x is a name");
  return { ...template, exprKind: { case: "identExpr", value: { ...template.exprKind.value, name } } };
}

function literal(text: string): Expr {
  const { expr } = library().cel.parse(JSON.stringify(text));
  if (!expr) throw new TypeError("a quoted text is an expression");
  return expr;
}
