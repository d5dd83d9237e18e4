import { cpSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exec } from "../../src/lib/exec.ts";
import { programPath } from "../../src/processes/program.ts";
import { clusterArgs, type Program, program } from "../../src/testing/program.ts";

let groupsnap: Program;
/** The folder of a `groupsnap start` that has ended. */
let dataDir: string;
const start = (folder: string) => groupsnap.start(clusterArgs(folder));
beforeAll(async () => {
  groupsnap = program();
  dataDir = join(groupsnap.folder, "d");
  await (await start(dataDir)).end("SIGTERM");
});
afterAll(() => groupsnap.clean());

describe("a torn database is named, with what to do, and left as it is for whoever can mend it:", () => {
  const halved = (path: string) => truncateSync(path, statSync(path).size / 2);
  const garbled = (path: string) => {
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xa5, 0, 100));
  };
  const garbledInside = (path: string) => {
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xa5, 4096, 8192));
  };
  test.each<[string, string, (path: string) => void]>([
    ["the API's, cut off", "api.db", halved],
    ["the API's, its head overwritten", "api.db", garbled],
    ["the driver's, cut off", "pool/state.db", halved],
    ["the driver's, overwritten inside", "pool/state.db", garbledInside],
  ])("%s", async (title, file, tear) => {
    const folder = join(groupsnap.folder, title.replaceAll(/\W/g, "").slice(0, 24));
    cpSync(dataDir, folder, { recursive: true });
    tear(join(folder, file));
    const torn = readFileSync(join(folder, file));
    const refused = await start(folder).then(
      () => "it started",
      (error: Error) => error.message,
    );
    expect(refused).toMatch(
      new RegExp(
        `status 1 .*cannot use the database ${join(folder, file)}: .*restore it from a backup, or move it away`,
        "s",
      ),
    );
    expect(readFileSync(join(folder, file)).equals(torn)).toBe(true);
  });

  test("once it is restored from a backup, everything starts again", async () => {
    const folder = join(groupsnap.folder, "mended");
    cpSync(dataDir, folder, { recursive: true });
    halved(join(folder, "api.db"));
    await expect(start(folder)).rejects.toThrow("restore it from a backup");
    cpSync(join(dataDir, "api.db"), join(folder, "api.db"));
    expect((await start(folder)).ready).toBe(`kubeconfig ${join(folder, "kubeconfig")}`);
  });
});

/** A file stands where a folder is wanted. */
const aFile = () => join(dataDir, "kubeconfig");

describe("a command line is refused with the flag, its value and what would do:", () => {
  const refusals: readonly (readonly [string, () => readonly string[], RegExp])[] = [
    ["a port over the range", () => ["start", "--port", "70000"], /'--port <n>' argument '70000'.*from 0 to 65535/],
    [
      "a size in no known unit",
      () => ["start", "--pool-size", "5GiB"],
      /'--pool-size <size>' argument '5GiB'.*such as 500Mi/,
    ],
    ["a pool of nothing", () => ["start", "--pool-size", "0"], /'--pool-size <size>' argument '0'.*such as 500Mi/],
    ["a flag that there is not", () => ["start", "--prot", "1"], /'--prot'.*--port.*groupsnap start --help/s],
    ["a flag without its value", () => ["start", "--data-dir"], /'--data-dir <folder>' argument missing/],
    ["a word too many", () => ["start", "now"], /too many arguments for 'start'.*groupsnap start --help/s],
    [
      "a data folder that is a file",
      () => ["start", "--data-dir", aFile()],
      /data folder .*kubeconfig: a file is in its place; .*--data-dir/,
    ],
    ["a command that there is not", () => ["stat"], /unknown command 'stat'.*start.*groupsnap --help/s],
    [
      "a flag that is needed",
      () => ["driver", "--endpoint=unix:///x", "--pool=/x"],
      /'--node-id <name>' not specified.*driver --help/s,
    ],
    [
      "an engine that there is not",
      () => ["driver", "--endpoint=unix:///x", "--pool=/x", "--node-id=a", "--engine=steam"],
      /'--engine <name>' argument 'steam'.*auto, .*userland/,
    ],
    [
      "a duration without a unit",
      () => ["csi-snapshotter", "--timeout=5"],
      /'--timeout <duration>' argument '5'.*such as 30s/,
    ],
    [
      "a CSI address over TCP",
      () => ["csi-snapshotter", "-csi-address=tcp://x", "--kubeconfig", aFile()],
      /tcp for CSI at tcp:\/\/x: give unix:\/\//,
    ],
    [
      "a rate that is no number",
      () => ["snapshot-controller", "--kube-api-qps=fast"],
      /'--kube-api-qps <n>' argument 'fast'.*a number of requests a second/,
    ],
    [
      "a kubeconfig that is not there",
      () => ["snapshot-controller", "--kubeconfig=/nowhere"],
      /kubeconfig \/nowhere does not exist: create it, or name another/,
    ],
    ["a shell that nobody knows", () => ["completion", "klingon"], /'klingon'.*'shell'.*bash, zsh, fish/],
  ];
  test.concurrent.each(refusals)("%s", async (_title, args, message) => {
    const refused = exec([process.execPath, programPath(), ...args()], {
      timeoutMs: 20_000,
      signal: AbortSignal.timeout(20_000),
    });
    await expect(refused).rejects.toThrow(message);
  });
});
