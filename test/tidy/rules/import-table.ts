import { allImports, type Import } from "../imports.ts";
import { isTestCode, type Rule } from "../repository.ts";

const everything = (
  "processes cli testing console snapshots provisioning node conformance driver " + "apiserver verify api csi kube lib"
).split(" ");
const everythingBut = (...folders: readonly string[]) => everything.filter((folder) => !folders.includes(folder));

/** Which folders of src may be imported by which (docs/architecture.md). "kube/object" is that one file. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  processes: everythingBut("cli", "console", "testing"),
  cli: ["processes", "conformance", "verify", "api", "kube", "lib"],
  testing: everythingBut("cli", "console"),
  console: ["api", "kube", "lib"],
  snapshots: ["api", "kube", "csi", "lib"],
  provisioning: ["api", "kube", "csi", "lib"],
  node: ["api", "kube", "csi", "lib"],
  conformance: ["csi", "verify", "lib"],
  driver: ["csi", "lib"],
  apiserver: ["kube/object", "lib"],
  verify: ["lib"],
  api: ["kube/object", "lib"],
  csi: ["lib"],
  kube: ["lib"],
  lib: [],
};

/** Where capabilities meet in code; everywhere else they meet in API objects. */
const sharedCapability = "pairing";

export const importTable: Rule = {
  title: "files import only from the folders that the import table allows them",
  check: (repository) =>
    allImports(repository)
      .filter(({ from }) => from.startsWith("src/") && !isTestCode(from))
      .flatMap((edge) => {
        const why = objectionTo(edge);
        return why ? [`${edge.from}:${edge.line}: imports ${edge.to}: ${why}`] : [];
      }),
  controls: [
    { files: { "src/driver/a.ts": 'import { b } from "../kube/b.ts";' }, caught: ["driver may import csi, lib only"] },
    { files: { "src/api/a.ts": 'import type { B } from "../kube/client/b.ts";' }, caught: ["src/api/a.ts:1"] },
    { files: { "src/lib/a.ts": 'export * from "../api/b.ts";' }, caught: ["lib may import nothing of ours"] },
    { files: { "src/verify/a.ts": 'const b = await import("../csi/b.ts");' }, caught: ["verify may import lib only"] },
    { files: { "src/csi/a.ts": 'type B = import("../kube/b.ts").B;' }, caught: ["csi may import lib only"] },
    { files: { "src/misc/a.ts": 'import { b } from "../lib/b.ts";' }, caught: ["misc is not in the import table"] },
    { files: { "src/snapshots/group/a.ts": 'import { b } from "../single/b.ts";' }, caught: ["capabilities"] },
    { files: { "src/snapshots/pairing/a.ts": 'import { b } from "../group/b.ts";' }, caught: ["capabilities"] },
    { files: { "src/kube/a.ts": 'import { b } from "../testing/b.ts";' }, caught: ["only tests import testing"] },
    { files: { "src/lib/a.ts": 'import { b } from "./b.test.ts";' }, caught: ["only tests import tests"] },
    { files: { "src/lib/a.ts": 'import { b } from "../../test/b.ts";' }, caught: ["leaves src"] },
    {
      files: {
        "src/api/a.ts": 'import type { B } from "../kube/object.ts";',
        "src/snapshots/group/binding/a.ts":
          'import { b } from "../../pairing/b.ts"; import { c } from "../members/c.ts";',
        "src/driver/a.test.ts": 'import { b } from "../testing/b.ts";',
        "src/processes/a.ts": 'import { b } from "../driver/b.ts"; import { c } from "node:fs";',
      },
      caught: [],
    },
  ],
};

function objectionTo({ from, to }: Import): string | undefined {
  if (!to.startsWith("src/")) return "it leaves src";
  const [source, target] = [folderOf(from), folderOf(to)];
  const allowed = mayImport[source];
  if (!allowed) return `the folder ${source} is not in the import table of test/tidy/rules/import-table.ts`;
  if (to.endsWith(".test.ts")) return "only tests import tests";
  if (target === "testing") return "only tests import testing";
  if (source === target) return source === "snapshots" ? objectionBetweenCapabilities(from, to) : undefined;
  const isAllowed = allowed.some((entry) => entry === target || to === `src/${entry}.ts`);
  return isAllowed
    ? undefined
    : `${source} may import ${allowed.length === 0 ? "nothing of ours" : `${allowed.join(", ")} only`}`;
}

const folderOf = (path: string) => path.split("/")[1] ?? "";

function objectionBetweenCapabilities(from: string, to: string): string | undefined {
  const [source, target] = [from.split("/")[2], to.split("/")[2]];
  return source === target || target === sharedCapability
    ? undefined
    : `capabilities don't import each other (only ${sharedCapability}/); they meet in API objects`;
}
