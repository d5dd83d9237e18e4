import { dottedName, findAll, isNode, isTestDefinition, lineOf, type Node, withoutTypes } from "../ast.ts";
import { isTestFile, type Rule } from "../repository.ts";

export const distinctTitles: Rule = {
  title: "no two tests have the same title",
  check(repository) {
    const first = new Map<string, string>();
    return repository.sources.filter(isTestFile).flatMap(({ path, text, root }) =>
      findAll(root, isTestDefinition).flatMap((call) => {
        const where = `${path}:${lineOf(call)}`;
        return titlesOf(call, text, root).flatMap((title) => {
          const other = first.get(title);
          if (other === undefined) first.set(title, where);
          return other === undefined ? [] : [`${where}: has the title of the test at ${other}: ${title}`];
        });
      }),
    );
  },
  controls: [
    {
      files: { "src/a.test.ts": 'test("a", () => {});\ntest("a", () => {});' },
      caught: ["src/a.test.ts:2: has the title of the test at src/a.test.ts:1: a"],
    },
    {
      files: { "src/a.test.ts": 'test("a %s", () => {});', "src/b.test.ts": 'test.each([1])("a %s", () => {});' },
      caught: ["src/b.test.ts:1"],
    },
    {
      files: {
        "src/a.test.ts": 'test.each(["a", "a"])("%s", () => {}); test.each([["b", 1], ["b", 2]])("%s", () => {});',
      },
      caught: ["at src/a.test.ts:1: a", "at src/a.test.ts:1: b"],
    },
    {
      files: {
        "src/a.test.ts": 'const cases = [{ what: "a" }, { what: "a" }] as const; test.each(cases)("$what", () => {});',
      },
      caught: ["at src/a.test.ts:1: a"],
    },
    {
      files: { "src/a.test.ts": 'test("a", () => {}); it("b", () => {}); test.each([["c"], ["d"]])("%s", () => {});' },
      caught: [],
    },
  ],
};

/** The title as written; for one put together at run time, its source text. */
export function titleOf(call: Node, text: string): string {
  const [title] = call.arguments as readonly Node[];
  if (!title) return "";
  return title.type === "StringLiteral" ? String(title.value) : text.slice(title.start, title.end);
}

/** The titles of all tests that a call defines: those of its table, when the title is nothing but a placeholder. */
export function titlesOf(call: Node, text: string, root: Node): readonly string[] {
  const title = titleOf(call, text);
  const [, placeholder, column] = /^(%s|\$(\w+))$/.exec(title) ?? [];
  return placeholder === undefined ? [title] : tableOf(call, root).flatMap((row) => cellOf(row, column));
}

/** The rows of `test.each(table)`, where the table is a literal or a constant of the same file that is one. */
function tableOf(call: Node, root: Node): readonly Node[] {
  const each = call.callee;
  const given = isNode(each) && each.type === "CallExpression" ? (each.arguments as readonly Node[])[0] : undefined;
  const name = dottedName(given);
  const [declared] = findAll(root, (node) => node.type === "VariableDeclarator" && dottedName(node.id) === name);
  const table = withoutTypes(name === "" ? given : declared?.init);
  return table?.type === "ArrayExpression" ? (table.elements as readonly Node[]).filter(isNode) : [];
}

/** The text in a row: the row itself, its first cell, or the cell that is called `column`. */
function cellOf(row: Node, column: string | undefined): readonly string[] {
  if (row.type === "StringLiteral") return [String(row.value)];
  if (row.type === "ArrayExpression")
    return (row.elements as readonly Node[]).slice(0, 1).flatMap((cell) => cellOf(cell, column));
  if (row.type !== "ObjectExpression") return [];
  const cells = (row.properties as readonly Node[]).filter((property) => dottedName(property.key) === column);
  return cells.flatMap(({ value }) => (isNode(value) ? cellOf(value, column) : []));
}
