import {
  bodyOf,
  dottedName,
  findAll,
  isFunction,
  isNode,
  lineOf,
  type Node,
  rootOfCall,
  walk,
  withoutTypes,
} from "../ast.ts";
import type { Repository, Rule, Source } from "../repository.ts";

/** Longer files hold more than one idea; longer functions do more than one thing. */
const limits = { fileLines: 300, functionLines: 60 };

/** What was over its limit when it was recorded. It may not grow, and when it shrinks the record must follow. */
export interface Ratchet {
  readonly files: Readonly<Record<string, number>>;
  readonly functions: Readonly<Record<string, number>>;
}

export const ratchetPath = "test/tidy/ratchet.json";

const lines = (count: number, line = "// one more line") => `${line}\n`.repeat(count);
const longFunction = (count: number) => `export function long() {\n${lines(count - 2)}}\n`;

export const sizes: Rule = {
  title: "no file is over 300 lines and no function over 60, but those in the ratchet, which only turns one way",
  check(repository) {
    const ratchet = JSON.parse(repository.texts.get(ratchetPath) ?? '{"files":{},"functions":{}}') as Ratchet;
    return [
      ...compare({ sizes: fileSizes(repository), limit: limits.fileLines, recorded: ratchet.files }),
      ...compare({ sizes: functionSizes(repository), limit: limits.functionLines, recorded: ratchet.functions }),
    ];
  },
  controls: [
    { files: { "src/lib/a.ts": lines(301) }, caught: ["src/lib/a.ts: 301 lines, over the limit of 300"] },
    { files: { "src/lib/a.ts": longFunction(61) }, caught: ["src/lib/a.ts#long: 61 lines, over the limit of 60"] },
    { files: { "src/lib/a.ts": `const f = () => {\n${lines(60)}};` }, caught: ["src/lib/a.ts#f: 62 lines"] },
    { files: { "src/lib/a.test.ts": `test("x", () => {\n${lines(60)}});` }, caught: ["src/lib/a.test.ts#x: 62 lines"] },
    { files: { "src/lib/a.ts": lines(300), "src/lib/b.ts": longFunction(60) }, caught: [] },
    { files: { "src/lib/a.ts": `interface A {\n${lines(400, "  b: string;")}}\n` }, caught: [] },
    { files: { "src/lib/a.ts": `const table = [\n${lines(400, "  { name: 'a' },")}];\n` }, caught: [] },
    { files: { "src/lib/a.test.ts": `describe("a", () => {\n${lines(100)}});` }, caught: [] },
    {
      files: { "src/lib/a.ts": lines(310), [ratchetPath]: '{"files":{"src/lib/a.ts":305},"functions":{}}' },
      caught: ["grew from 305 to 310 lines"],
    },
    {
      files: { "src/lib/a.ts": longFunction(65), [ratchetPath]: '{"files":{},"functions":{"src/lib/a.ts#long":70}}' },
      caught: ["shrank from 70 to 65 lines: record it"],
    },
    {
      files: {
        "src/lib/a.ts": "",
        [ratchetPath]: '{"files":{"src/lib/a.ts":305,"src/lib/gone.ts":400},"functions":{}}',
      },
      caught: ["src/lib/a.ts: within the limit now", "src/lib/gone.ts: within the limit now"],
    },
  ],
};

interface Comparison {
  readonly sizes: ReadonlyMap<string, number>;
  readonly limit: number;
  readonly recorded: Readonly<Record<string, number>>;
}

function compare({ sizes, limit, recorded }: Comparison): readonly string[] {
  const names = new Set([...sizes.keys(), ...Object.keys(recorded)]);
  return [...names].flatMap((name) => {
    const [size, record] = [sizes.get(name) ?? 0, recorded[name]];
    if (record === undefined) return size > limit ? [`${name}: ${size} lines, over the limit of ${limit}`] : [];
    if (size <= limit) return [`${name}: within the limit now: take it out of ${ratchetPath}`];
    if (size > record) return [`${name}: grew from ${record} to ${size} lines`];
    return size < record ? [`${name}: shrank from ${record} to ${size} lines: record it in ${ratchetPath}`] : [];
  });
}

const fileSizes = (repository: Repository) =>
  new Map(repository.sources.map((source) => [source.path, fileLines(source)] as const));

/** Lines of a file without its type declarations and tables, which may be as long as what they list. */
function fileLines(source: Source): number {
  const all = source.text.trimEnd() === "" ? 0 : source.text.trimEnd().split("\n").length;
  const exempt = (source.root.body as readonly Node[]).filter((statement) => isTypes(statement) || isTable(statement));
  return exempt.reduce((sum, node) => sum - linesOf(node), all);
}

const linesOf = (node: Node) => node.loc.end.line - node.loc.start.line + 1;

function isTypes(statement: Node): boolean {
  if (isNode(statement.declaration)) return isTypes(statement.declaration);
  return statement.type === "TSInterfaceDeclaration" || statement.type === "TSTypeAliasDeclaration";
}

/** A constant that is a literal list or record without code in it. */
function isTable(statement: Node): boolean {
  if (isNode(statement.declaration)) return isTable(statement.declaration);
  if (statement.type !== "VariableDeclaration") return false;
  return (statement.declarations as readonly Node[]).every(({ init }) => {
    const literal = withoutTypes(init);
    if (!literal || !/^(Array|Object)Expression$/.test(literal.type)) return false;
    return !findAll(literal, (node) => isFunction(node) && isNode(node.body) && node.body.type === "BlockStatement")
      .length;
  });
}

function functionSizes(repository: Repository): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { path, root } of repository.sources) {
    walk(root, (node, ancestors) => {
      if (!isFunction(node) || isDescribeBlock(node, ancestors[0])) return;
      const name = `${path}#${nameOf(node, ancestors[0])}`;
      sizes.set(name, Math.max(sizes.get(name) ?? 0, linesOf(node)));
    });
  }
  return sizes;
}

const isDescribeBlock = (node: Node, parent: Node | undefined) =>
  parent?.type === "CallExpression" && rootOfCall(parent) === "describe" && bodyOf(parent) === node;

function nameOf(node: Node, parent: Node | undefined): string {
  const own = dottedName(node.id) || dottedName(node.key) || dottedName(parent?.id) || dottedName(parent?.key);
  if (own !== "") return own;
  const [first] = (parent?.arguments as readonly Node[] | undefined) ?? [];
  return first?.type === "StringLiteral" ? String(first.value) : `line ${lineOf(node)}`;
}
