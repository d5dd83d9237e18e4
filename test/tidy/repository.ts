import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { Node } from "./ast.ts";
import { parseSource } from "./ast.ts";

/** The repository as the rules see it: paths and texts in memory, so that a rule's control is just another one. */
export interface Repository {
  /** Every file, by its path from the root, with forward slashes. */
  readonly texts: ReadonlyMap<string, string>;
  /** Every TypeScript and JavaScript file that people wrote. */
  readonly sources: readonly Source[];
}

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly root: Node;
}

/** One thing a rule asks for, and the examples that prove it can tell. */
export interface Rule {
  /** What holds, as a sentence without its full stop. */
  readonly title: string;
  /** @returns one line a violation: `path:line: what is wrong` */
  check(repository: Repository): readonly string[];
  readonly controls: readonly Control[];
}

export interface Control {
  readonly files: Readonly<Record<string, string>>;
  /** A piece of each violation that must be reported, in any order, and no others: [] for what must be allowed. */
  readonly caught: readonly string[];
}

/** Written by `npm run generate`; nobody reads or edits them. */
const generated = [/^src\/csi\/gen\//, /^deploy\/crds\//, /^package-lock\.json$/];
const binary = /\.(png|jpg|ico|gz|wasm|db)$/;

export const isGenerated = (path: string) => generated.some((pattern) => pattern.test(path));

/** The rules themselves, whose controls are full of what they forbid. */
export const isRule = (path: string) => path.startsWith("test/tidy/rules/");

/** Tests and what only tests use: they may import anything and look at the real clock. */
export function isTestCode(path: string): boolean {
  return /\.test\.ts$|^test\/|^src\/testing\/|\/testing(\/|(-[\w-]+)?\.ts$)/.test(path);
}

/** Files that define tests: those that are run, and the areas of the API's conformance suite, which is run on two servers. */
export const isTestFile = ({ path }: Source) =>
  path.endsWith(".test.ts") || path.startsWith("test/conformance/api/areas/");

/** Tracked files and new ones that git does not ignore. */
export function readRepository(root: string): Repository {
  const list = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: root, encoding: "utf8" });
  const paths = list.split("\0").filter((path) => path !== "" && !binary.test(path) && existsSync(`${root}/${path}`));
  return repositoryOf(Object.fromEntries(paths.map((path) => [path, readFileSync(`${root}/${path}`, "utf8")])));
}

export function repositoryOf(files: Readonly<Record<string, string>>): Repository {
  const texts = new Map(Object.entries(files));
  const paths = [...texts.keys()].filter((path) => /\.m?[tj]s$/.test(path) && !isGenerated(path));
  return {
    texts,
    sources: paths.map((path) => ({ path, text: files[path] ?? "", root: parseSource(path, files[path] ?? "") })),
  };
}
