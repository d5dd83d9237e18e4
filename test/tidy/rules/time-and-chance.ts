import { dottedName, findAll, isNode, lineOf, type Node } from "../ast.ts";
import { isTestCode, type Rule } from "../repository.ts";

const direct = new Set([
  "Date.now",
  "performance.now",
  "process.hrtime",
  "process.hrtime.bigint",
  "setTimeout",
  "setInterval",
  "Math.random",
  "randomUUID",
  "crypto.randomUUID",
  "globalThis.crypto.randomUUID",
  "globalThis.setTimeout",
  "globalThis.setInterval",
]);

/** The two files that hand time and chance to all others, and the folders that choose which to hand in. */
const mayBeDirect = (path: string) =>
  !path.startsWith("src/") || /^src\/(lib\/(clock|random)\.ts$|processes\/|cli\/)/.test(path) || isTestCode(path);

export const timeAndChance: Rule = {
  title: "time and chance are handed in: only lib/clock, lib/random, processes and cli reach for them",
  check: (repository) =>
    repository.sources
      .filter(({ path }) => !mayBeDirect(path))
      .flatMap(({ path, root }) =>
        findAll(root, isDirect).map(
          (node) => `${path}:${lineOf(node)}: ${nameOf(node)}: take a Clock or a Random instead`,
        ),
      ),
  controls: [
    { files: { "src/driver/a.ts": "const a = Date.now();" }, caught: ["Date.now"] },
    { files: { "src/driver/a.ts": "const a = new Date();" }, caught: ["new Date()"] },
    { files: { "src/driver/a.ts": "const a = Date();" }, caught: ["Date()"] },
    { files: { "src/driver/a.ts": "setTimeout(run, 5);" }, caught: ["setTimeout"] },
    { files: { "src/driver/a.ts": "const a = { every: setInterval };" }, caught: ["setInterval"] },
    { files: { "src/driver/a.ts": "const a = [1].map(Math.random);" }, caught: ["Math.random"] },
    { files: { "src/driver/a.ts": "const a = crypto.randomUUID();" }, caught: ["crypto.randomUUID"] },
    { files: { "src/driver/a.ts": 'import { randomUUID as id } from "node:crypto";' }, caught: ["randomUUID"] },
    { files: { "src/driver/a.ts": 'import { sleep } from "node:timers/promises";' }, caught: ["node:timers"] },
    { files: { "src/driver/a.ts": "const a = performance.now();" }, caught: ["performance.now"] },
    {
      files: {
        "src/driver/a.ts": "const a = new Date(5); const b = { setTimeout: 1 }; const c = b.setTimeout; // Date.now()",
        "src/driver/a.test.ts": "const a = Date.now();",
        "src/lib/clock.ts": "const a = new Date();",
        "src/processes/driver.ts": "const a = Math.random();",
        "bench/a.ts": "const a = performance.now();",
      },
      caught: [],
    },
  ],
};

function isDirect(node: Node, ancestors: readonly Node[]): boolean {
  if (node.type === "NewExpression") return dottedName(node.callee) === "Date" && isEmpty(node.arguments);
  if (node.type === "CallExpression" && dottedName(node.callee) === "Date") return true;
  if (node.type === "ImportDeclaration") return nameOf(node).startsWith("node:timers");
  if (node.type === "ImportSpecifier") return direct.has(nameOf(node));
  if (node.type === "MemberExpression") return direct.has(dottedName(node));
  return node.type === "Identifier" && direct.has(dottedName(node)) && isReference(node, ancestors[0]);
}

function nameOf(node: Node): string {
  if (node.type === "NewExpression") return "new Date()";
  if (node.type === "CallExpression") return "Date()";
  if (node.type === "ImportDeclaration" && isNode(node.source)) return String(node.source.value);
  return dottedName(node.type === "ImportSpecifier" ? node.imported : node);
}

const isEmpty = (list: unknown) => Array.isArray(list) && list.length === 0;

/** False for the name of a property or of an import, which is not the global of that name. */
function isReference(node: Node, parent: Node | undefined): boolean {
  if (parent?.type === "MemberExpression") return parent.object === node;
  if (parent?.type === "ImportSpecifier") return false;
  return parent?.key !== node || parent.shorthand === true;
}
