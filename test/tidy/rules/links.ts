import { posix } from "node:path";
import { isRule, type Repository, type Rule } from "../repository.ts";

export const links: Rule = {
  title: "every relative link, anchor and path that the documentation names leads somewhere",
  check: (repository) =>
    [...repository.texts]
      .filter(([path]) => path.endsWith(".md"))
      .flatMap(([path, text]) => brokenIn(repository, path, withoutCode(text))),
  controls: [
    { files: { "README.md": "see [here](docs/gone.md)" }, caught: ["README.md:1: docs/gone.md"] },
    { files: { "docs/a.md": "\n[b](#not-there)" }, caught: ["docs/a.md:2: #not-there"] },
    { files: { "docs/a.md": "[b](b.md#c)", "docs/b.md": "# d" }, caught: ["b.md#c"] },
    { files: { "docs/a.md": "it is in `src/lib/gone.ts`" }, caught: ["src/lib/gone.ts"] },
    { files: { "docs/a.md": "[x]: ../gone.md" }, caught: ["../gone.md"] },
    {
      files: {
        "README.md":
          "[a](docs/a.md#two-words-and-code) [f](docs/) [w](https://example.com) `docs/a.md` `src/`\n\n# T\n[t](#t)",
        "docs/a.md": "## Two words, and `code`\n```\n[no](link.md)\n```\n[back](../README.md)",
        "src/lib/a.ts": "",
      },
      caught: [],
    },
  ],
};

export const citations: Rule = {
  title: "every document and ADR that a source cites exists",
  check: (repository) =>
    repository.sources
      .filter(({ path }) => !isRule(path))
      .flatMap(({ path, text }) =>
        text.split("\n").flatMap((line, i) =>
          citedIn(line)
            .filter((cited) => ![...repository.texts.keys()].some((file) => file.startsWith(cited)))
            .map((cited) => `${path}:${i + 1}: cites ${cited}, which does not exist`),
        ),
      ),
  controls: [
    { files: { "src/lib/a.ts": "// see docs/adr/0042-gone.md" }, caught: ["docs/adr/0042-gone.md"] },
    { files: { "src/lib/a.ts": "\n// as ADR 0042 says" }, caught: ["src/lib/a.ts:2: cites docs/adr/0042-"] },
    {
      files: { "src/lib/a.ts": "// ADR 0001, docs/adr/0001-a.md", "docs/adr/0001-a.md": "# A" },
      caught: [],
    },
  ],
};

/** Paths, or beginnings of paths, of the documents that a line of code names. */
function citedIn(line: string): readonly string[] {
  const documents = [...line.matchAll(/\bdocs\/[\w./-]+\.md\b/g)].map(([path]) => path);
  const decisions = [...line.matchAll(/\bADR[ -]?(\d{4})\b/g)].map(([, number]) => `docs/adr/${number}-`);
  return [...documents, ...decisions];
}

function brokenIn(repository: Repository, path: string, text: string): readonly string[] {
  const fromDocument = (target: string) =>
    target.startsWith("#") ? path + target : posix.join(posix.dirname(path), target);
  return text.split("\n").flatMap((line, i) => {
    const links = targetsIn(line).filter((target) => !leadsSomewhere(repository, fromDocument(target)));
    const paths = pathsIn(line).filter((target) => !leadsSomewhere(repository, target));
    return links.concat(paths).map((target) => `${path}:${i + 1}: ${target} leads nowhere`);
  });
}

/** Targets of links to files of ours, relative to the document. */
function targetsIn(line: string): readonly string[] {
  const inline = [...line.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? "");
  const references = [...line.matchAll(/^\[[^\]]+\]:\s+(\S+)/g)].map(([, target]) => target ?? "");
  return [...inline, ...references].filter((target) => !/^[a-z]+:/.test(target));
}

/** Paths of ours in code spans, from the root of the repository. */
function pathsIn(line: string): readonly string[] {
  return [...line.matchAll(/`((?:src|docs|test|bench|deploy|scripts)\/[\w./-]*)`/g)].map(([, path]) => path ?? "");
}

function leadsSomewhere({ texts }: Repository, target: string): boolean {
  const [file = "", anchor] = target.split("#");
  if (file === "." || file === "./") return true;
  const folder = file.endsWith("/") ? file : `${file}/`;
  if (anchor === undefined) return texts.has(file) || [...texts.keys()].some((path) => path.startsWith(folder));
  return anchorsOf(texts.get(file) ?? "").includes(anchor);
}

/** The anchors that GitHub gives to a document's headings. */
function anchorsOf(text: string): readonly string[] {
  const seen = new Map<string, number>();
  return [...withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => {
    const slug = heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

/** The text with fenced blocks blanked, line for line. */
function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ""));
}
