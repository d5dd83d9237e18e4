import { findAll, isTestDefinition } from "../ast.ts";
import { isTestFile, type Repository, type Rule } from "../repository.ts";
import { titlesOf } from "./titles.ts";

const register = "docs/reference/upstream-defects.md";

export const defects: Rule = {
  title: "every defect of upstream's in the register has a test, and every test that it names exists where it says",
  check(repository) {
    const text = repository.texts.get(register);
    if (text === undefined) return [];
    const paths = pathsByTitle(repository);
    const lines = text.split("\n");
    return lines.flatMap((line, i) =>
      [untested(lines, i), ...missing(line, paths, repository)].flatMap((fault) =>
        fault === undefined ? [] : [`${register}:${i + 1}: ${fault}`],
      ),
    );
  },
  controls: [
    { files: { [register]: '## C1: a\n\n- "no such test"' }, caught: ["no test is called: no such test"] },
    { files: { [register]: "## C1: a\n\n## C2: b\n\nNot yet: c" }, caught: [`${register}:1: names no test`] },
    {
      files: {
        [register]: '## C1: a\n- "b", on kube-apiserver\n- "c", on kube-apiserver\n- "d", on kube-apiserver',
        "src/b.test.ts": 'test("b", () => {});',
        "src/c.test.ts": 'test("c", () => {});',
        "test/conformance/d.test.ts": 'await import("../../src/c.test.ts"); test("d", () => {});',
      },
      caught: [`${register}:2: is not played on kube-apiserver: b`],
    },
    {
      files: { [register]: '## C1: a\n- "has %s"\n- "row"', "src/a.test.ts": rows() },
      caught: [],
    },
  ],
};

function rows(): string {
  return 'test.each([1])("has %s", () => {}); test.each(["row"])("%s", () => {});';
}

function pathsByTitle(repository: Repository): ReadonlyMap<string, string> {
  return new Map(
    repository.sources
      .filter((source) => isTestFile(source) || isPlayedThere(source)) // suites are no test files
      .flatMap(({ path, text, root }) =>
        findAll(root, isTestDefinition).flatMap((call) =>
          titlesOf(call, text, root).map((title) => [title, path] as const),
        ),
      ),
  );
}

/** A heading without a test below it, and without a word that there is none yet. */
function untested(lines: readonly string[], heading: number): string | undefined {
  if (!lines[heading]?.startsWith("## ")) return undefined;
  const next = lines.findIndex((line, i) => i > heading && line.startsWith("## "));
  const section = lines.slice(heading + 1, next < 0 ? undefined : next);
  return section.some((line) => line.startsWith('- "') || line.startsWith("Not yet: ")) ? undefined : "names no test";
}

function missing(line: string, paths: ReadonlyMap<string, string>, repository: Repository): readonly string[] {
  const [, title, where] = /^- "(.+)"(, on kube-apiserver)?$/.exec(line) ?? [];
  if (title === undefined) return [];
  const path = paths.get(title);
  if (path === undefined) return [`no test is called: ${title}`];
  const isPlayed = where === undefined || isPlayedThere({ path }) || isImported(path, repository);
  return isPlayed ? [] : [`is not played on kube-apiserver: ${title}`];
}

const isPlayedThere = ({ path }: { readonly path: string }) => path.startsWith("test/conformance/");

function isImported(path: string, { sources }: Repository): boolean {
  const imported = path.replace(/^test\//, "../").replace(/^src\//, "../../src/");
  return sources.some((source) => isPlayedThere(source) && source.text.includes(`"${imported}"`));
}
