import { bodyOf, dottedName, findAll, isNode, isTestDefinition, lineOf, type Node, rootOfCall, walk } from "../ast.ts";
import { isTestCode, isTestFile, type Rule, type Source } from "../repository.ts";
import { titleOf } from "./titles.ts";

export const noSkippedTests: Rule = {
  title: "no test is skipped, singled out or left for later",
  check: (repository) =>
    repository.sources
      .filter(isTestFile)
      .flatMap(({ path, root }) =>
        findAll(root, isSkip).map((node) => `${path}:${lineOf(node)}: ${dottedName(node)}: run it, or take it out`),
      ),
  controls: [
    { files: { "src/a.test.ts": 'test.skip("a", () => {});' }, caught: ["test.skip"] },
    { files: { "src/a.test.ts": 'describe.only("a", () => {});' }, caught: ["describe.only"] },
    {
      files: { "src/a.test.ts": 'it.todo("a");\ntest.runIf(true)("b", () => {});' },
      caught: ["it.todo", "test.runIf"],
    },
    { files: { "src/a.test.ts": 'xit("a", () => {});' }, caught: ["xit"] },
    { files: { "src/a.test.ts": 'test("a", () => { stream.skip(1); });' }, caught: [] },
  ],
};

function isSkip(node: Node): boolean {
  if (/^(xit|xtest|xdescribe|fit|fdescribe)$/.test(dottedName(node))) return true;
  if (node.type !== "MemberExpression") return false;
  return /^(test|it|describe|suite)(\.\w+)*\.(skip|only|todo|skipIf|runIf|fails)$/.test(dottedName(node));
}

export const noConditionalAssertions: Rule = {
  title: "no assertion stands behind a condition, where it may never run",
  check: (repository) =>
    repository.sources.filter(isTestFile).flatMap(({ path, root }) => {
      const found: string[] = [];
      walk(root, (node, ancestors) => {
        const condition = isAssertion(node) ? conditionAround(node, ancestors) : undefined;
        if (condition) found.push(`${path}:${lineOf(node)}: an assertion behind ${condition}`);
      });
      return found;
    }),
  controls: [
    { files: { "src/a.test.ts": 'test("a", () => { if (x) expect(x).toBe(1); });' }, caught: ["behind an if"] },
    {
      files: { "src/a.test.ts": 'test("a", () => { if (x) { for (const y of x) { assert(y); } } });' },
      caught: ["behind an if"],
    },
    { files: { "src/a.test.ts": 'test("a", () => { x ? expect(x).toBe(1) : undefined; });' }, caught: ["behind a ?"] },
    { files: { "src/a.test.ts": 'test("a", () => { x && expect(x).toBe(1); });' }, caught: ["behind a &&"] },
    {
      files: { "src/a.test.ts": 'test("a", () => { switch (x) { case 1: expect(x).toBe(1); } });' },
      caught: ["behind a case"],
    },
    {
      files: { "src/a.test.ts": 'test("a", () => { try { f(); } catch (e) { expect(e).toBe(1); } });' },
      caught: ["behind a catch"],
    },
    {
      files: {
        "src/a.test.ts":
          'test("a", () => { expect(x ? 1 : 2).toBe(1); if (expect) y(); try { expect(x); } finally { z(); } });',
      },
      caught: [],
    },
  ],
};

const isAssertion = (node: Node) => node.type === "CallExpression" && /^(expect|assert)$/.test(rootOfCall(node));

/** The nearest condition between an assertion and the test it belongs to. */
function conditionAround(node: Node, ancestors: readonly Node[]): string | undefined {
  let inner = node;
  for (const outer of ancestors) {
    if (isTestDefinition(outer)) return undefined;
    const condition = conditionOf(outer, inner);
    if (condition) return condition;
    inner = outer;
  }
  return undefined;
}

function conditionOf(outer: Node, inner: Node): string | undefined {
  const isBranch = outer.consequent === inner || outer.alternate === inner;
  if (outer.type === "IfStatement" && isBranch) return "an if";
  if (outer.type === "ConditionalExpression" && isBranch) return "a ?";
  if (outer.type === "LogicalExpression" && outer.right === inner) return `a ${String(outer.operator)}`;
  if (outer.type === "SwitchCase") return "a case";
  return outer.type === "CatchClause" ? "a catch" : undefined;
}

export const everyTestAsserts: Rule = {
  title: "every test asserts something, by itself or through a helper of the tests",
  check(repository) {
    const asserting = assertingHelpers(repository.sources);
    return repository.sources.filter(isTestFile).flatMap(({ path, text, root }) =>
      findAll(root, isTestDefinition)
        .filter((call) => !asserts(bodyOf(call) ?? call, asserting))
        .map((call) => `${path}:${lineOf(call)}: asserts nothing: ${titleOf(call, text)}`),
    );
  },
  controls: [
    { files: { "src/a.test.ts": 'test("a", () => { run(); });' }, caught: ["asserts nothing: a"] },
    {
      files: { "src/a.test.ts": 'const run = () => other(); test("a", () => run());' },
      caught: ["asserts nothing: a"],
    },
    {
      files: {
        "src/a.test.ts": 'import { run } from "./run.ts"; test("a", () => run());',
        "src/run.ts": "export function run() { throw 1; }",
      },
      caught: ["asserts nothing: a"],
    },
    {
      files: {
        "src/a.test.ts":
          'test("a", () => { expect(1).toBe(1); }); test("b", () => check()); function check() { deep(); }',
        "src/testing/deep.ts": "export function deep() { if (x) throw new Error(); }",
        "src/b.test.ts": 'test("c", async () => { await world.deep(); }); test("d", () => { fc.assert(x); });',
      },
      caught: [],
    },
  ],
};

/**
 * Names of functions in test code that fail when something does not hold: they assert, throw, or call one that does.
 * By name alone, which is enough to notice a test that looks at nothing.
 */
function assertingHelpers(sources: readonly Source[]): ReadonlySet<string> {
  const bodies = sources.filter(({ path }) => isTestCode(path)).flatMap(({ root }) => namedFunctions(root));
  const asserting = new Set<string>();
  for (let before = -1; before !== asserting.size; ) {
    before = asserting.size;
    for (const { name, body } of bodies) if (throwsIn(body) || asserts(body, asserting)) asserting.add(name);
  }
  return asserting;
}

function namedFunctions(root: Node): readonly { readonly name: string; readonly body: Node }[] {
  const found: { name: string; body: Node }[] = [];
  walk(root, (node) => {
    const name = dottedName(node.id) || dottedName(node.key);
    const value = node.type === "VariableDeclarator" ? node.init : (node.value ?? node.body);
    if (name !== "" && isNode(value)) found.push({ name, body: value });
  });
  return found;
}

const throwsIn = (body: Node) => findAll(body, (node) => node.type === "ThrowStatement").length > 0;

function asserts(body: Node, helpers: ReadonlySet<string>): boolean {
  return (
    findAll(body, (node) => {
      if (node.type !== "CallExpression") return false;
      const called =
        isNode(node.callee) && node.callee.type === "MemberExpression" ? node.callee.property : node.callee;
      return isAssertion(node) || dottedName(called) === "assert" || helpers.has(dottedName(called));
    }).length > 0
  );
}
