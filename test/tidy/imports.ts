import { posix } from "node:path";
import type { Node } from "./ast.ts";
import { isNode, lineOf, walk } from "./ast.ts";
import type { Repository, Source } from "./repository.ts";

/** One import of a file of ours: static, dynamic, re-exported or of types alone. */
export interface Import {
  readonly from: string;
  readonly to: string;
  readonly line: number;
}

/** The imports of our own files; packages and Node's modules are left out. */
export function importsOf(source: Source): readonly Import[] {
  const found: Import[] = [];
  walk(source.root, (node) => {
    const specifier = specifierOf(node);
    if (!specifier?.startsWith(".")) return;
    found.push({ from: source.path, to: posix.join(posix.dirname(source.path), specifier), line: lineOf(node) });
  });
  return found;
}

export const allImports = (repository: Repository) => repository.sources.flatMap(importsOf);

function specifierOf(node: Node): string | undefined {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
      return textOf(node.source);
    case "ImportExpression":
      return textOf(node.source);
    case "TSImportType":
      return textOf(node.argument) ?? textOf(isNode(node.argument) ? node.argument.literal : undefined);
    case "CallExpression": {
      const [first] = node.arguments as readonly Node[];
      return isNode(node.callee) && node.callee.type === "Import" ? textOf(first) : undefined;
    }
    default:
      return undefined;
  }
}

const textOf = (node: unknown) => (isNode(node) && node.type === "StringLiteral" ? String(node.value) : undefined);
