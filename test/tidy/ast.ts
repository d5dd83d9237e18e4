import { parse } from "@babel/parser";

/** A node of the syntax tree, as loosely as the rules need it. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc: { readonly start: { readonly line: number }; readonly end: { readonly line: number } };
  readonly [key: string]: unknown;
}

/** @throws SyntaxError that names the file */
export function parseSource(path: string, text: string): Node {
  try {
    return parse(text, { sourceType: "module", plugins: ["typescript"], attachComment: false })
      .program as unknown as Node;
  } catch (error) {
    throw new SyntaxError(`${path}: ${String(error)}`, { cause: error });
  }
}

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

/** The children of a node in the order of the text. */
export function childrenOf(node: Node): readonly Node[] {
  return Object.values(node).flatMap((value) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  );
}

/** Calls `visit` with each node below `root`, itself included, and its ancestors, nearest first. */
export function walk(
  root: Node,
  visit: (node: Node, ancestors: readonly Node[]) => void,
  ancestors: readonly Node[] = [],
): void {
  visit(root, ancestors);
  const below = [root, ...ancestors];
  for (const child of childrenOf(root)) walk(child, visit, below);
}

export function findAll(root: Node, matches: (node: Node, ancestors: readonly Node[]) => boolean): readonly Node[] {
  const found: Node[] = [];
  walk(root, (node, ancestors) => {
    if (matches(node, ancestors)) found.push(node);
  });
  return found;
}

export const lineOf = (node: Node) => node.loc.start.line;

export const isFunction = (node: Node) =>
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|ObjectMethod|ClassMethod|ClassPrivateMethod)$/.test(
    node.type,
  );

/** `a.b.c` for names and member accesses, "" for anything else. */
export function dottedName(node: unknown): string {
  if (!isNode(node)) return "";
  if (node.type === "Identifier") return String(node.name);
  if (node.type === "MemberExpression" && node.computed !== true) {
    const object = dottedName(node.object);
    return object === "" ? "" : `${object}.${dottedName(node.property)}`;
  }
  return "";
}

/** What a call calls, seen through `test.each(table)(…)` and `expect(…).resolves.toBe(…)`: the first name of the chain. */
export function rootOfCall(call: Node): string {
  let node: unknown = call;
  while (isNode(node)) {
    if (node.type === "CallExpression") node = node.callee;
    else if (node.type === "TaggedTemplateExpression") node = node.tag;
    else if (node.type === "MemberExpression") node = node.object;
    else return node.type === "Identifier" ? String(node.name) : "";
  }
  return "";
}

/** True for `test(…)`, `it(…)` and their variants (`test.each(…)(…)`) that define a test. */
export function isTestDefinition(node: Node): boolean {
  return node.type === "CallExpression" && /^(test|it)$/.test(rootOfCall(node)) && bodyOf(node) !== undefined;
}

/** The function that a test or a describe block consists of. */
export function bodyOf(call: Node): Node | undefined {
  const args = call.arguments;
  return Array.isArray(args) && args.length > 1 ? args.filter(isNode).find(isFunction) : undefined;
}

/** The expression in `x as const satisfies T`. */
export function withoutTypes(node: unknown): Node | undefined {
  if (!isNode(node)) return undefined;
  return /^TS(As|Satisfies)Expression$/.test(node.type) ? withoutTypes(node.expression) : node;
}
