import { findAll, isNode, lineOf, type Node } from "../ast.ts";
import type { Rule } from "../repository.ts";

/** Tools demand a default export from their configuration. */
const isConfiguration = (path: string) => /\.config\.m?[tj]s$/.test(path);

export const noDefaultExports: Rule = {
  title: "nothing is exported as default, so that a thing has one name everywhere",
  check: (repository) =>
    repository.sources
      .filter(({ path }) => !isConfiguration(path))
      .flatMap(({ path, root }) =>
        findAll(root, isDefaultExport).map((node) => `${path}:${lineOf(node)}: exports a default; give it a name`),
      ),
  controls: [
    { files: { "src/lib/a.ts": "export default function a() {}" }, caught: ["src/lib/a.ts:1"] },
    { files: { "src/lib/a.ts": "const a = 1;\nexport { a as default };" }, caught: ["src/lib/a.ts:2"] },
    { files: { "vitest.config.ts": "export default {};", "src/lib/a.ts": "export const a = 1;" }, caught: [] },
  ],
};

function isDefaultExport(node: Node): boolean {
  if (node.type === "ExportDefaultDeclaration") return true;
  return node.type === "ExportSpecifier" && isNode(node.exported) && node.exported.name === "default";
}
