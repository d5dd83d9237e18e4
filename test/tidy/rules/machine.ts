import { isRule, type Rule } from "../repository.ts";

/** Folders where people and build machines keep their work. */
const ownFolder =
  /(?<![\w.~-])(\/home\/[a-z_][\w-]*\/|\/Users\/\w+\/|\/root\/|\/work\/|\/mnt\/[c-z]\/|[A-Z]:\\Users\\)/;
const packageHost =
  /https?:\/\/(?:[^\s"'@/]+@)?([\w.-]*(?:registry|npm|pypi|proxy|artifactory|nexus|mirror)[\w.-]*)(?::\d+)?\//gi;
/** npm writes what it likes into it. */
const lockFile = "package-lock.json";

const join = (...parts: readonly string[]) => parts.join("/");

export const noMachine: Rule = {
  title: "no file knows a developer's machine: its folders, or the registry it installs from",
  check: (repository) =>
    [...repository.texts]
      .filter(([path]) => !isRule(path))
      .flatMap(([path, text]) =>
        text.split("\n").flatMap((line, i) => traitsIn(path, line).map((trait) => `${path}:${i + 1}: names ${trait}`)),
      ),
  controls: [
    {
      files: { "docs/a.md": `run it in ${join("", "home", "jane", "src")}` },
      caught: ["docs/a.md:1: names /home/jane/"],
    },
    { files: { "src/lib/a.ts": `const a = "${join("", "Users", "jane", "a")}";` }, caught: ["/Users/jane/"] },
    { files: { "a.sh": `cd ${join("", "root", "x")}\ncd ${join("", "work", "x")}` }, caught: ["/root/", "/work/"] },
    {
      files: { "docs/install.md": `"https:/${join("", "npm.corp.example", "left-pad.tgz")}"` },
      caught: ["npm.corp.example"],
    },
    { files: { ".npmrc": `registry=http:/${join("", "proxy:4873", "")}` }, caught: ["proxy"] },
    {
      files: {
        "package-lock.json": `"https:/${join("", "npm.corp.example", "a", "-", "a-1.tgz")}"`,
        "docs/a.md": "docs/home/page, ~/work/x",
      },
      caught: [],
    },
  ],
};

function traitsIn(path: string, line: string): readonly string[] {
  const [folder] = ownFolder.exec(line) ?? [];
  const hosts = path === lockFile ? [] : [...line.matchAll(packageHost)].map(([, host = ""]) => host);
  return [...(folder ? [folder] : []), ...hosts];
}
