import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { groupClasses } from "../../src/api/group-snapshot/resources.ts";
import { classes as snapshotClasses } from "../../src/api/snapshot/resources.ts";
import { storageClasses } from "../../src/kube/core/storage-class.ts";
import { connect } from "../../src/processes/connect.ts";
import { clusterArgs, type Program, program } from "../../src/testing/program.ts";

/** The contract of `groupsnap start` that docs/guides/embedded-cluster.md gives to users. */
describe("groupsnap start", () => {
  let groupsnap: Program;
  beforeEach(() => {
    groupsnap = program();
  });
  afterEach(() => groupsnap.clean());

  const dataDir = () => join(groupsnap.folder, "d");
  const start = (...more: string[]) => groupsnap.start(clusterArgs(dataDir(), ...more));
  const call = () => ({ signal: AbortSignal.timeout(10_000) });
  const modeOf = (...path: string[]) => statSync(join(dataDir(), ...path)).mode & 0o777;

  test("says where the kubeconfig is, with a client certificate and a token as contexts that both work", async () => {
    const { ready } = await start();
    const path = join(dataDir(), "kubeconfig");
    expect(ready).toBe(`kubeconfig ${path}`);
    const { contexts, users } = parse(readFileSync(path, "utf8"));
    expect(contexts).toHaveLength(2);
    expect(users.map(({ user }: { user: object }) => Object.keys(user).sort())).toEqual([
      ["client-certificate-data", "client-key-data"],
      ["token"],
    ]);
    const { loadConfig } = await import("../../src/kube/client/kubeconfig.ts");
    for (const context of contexts) {
      const config = await loadConfig({ kubeconfig: path, context: context.name });
      expect(config).toBeDefined();
    }
  });

  test("installs one default class of each kind, the storage class with Immediate binding", async () => {
    const { ready } = await start();
    const client = await connect({ kubeconfig: ready.replace("kubeconfig ", ""), userAgent: "test" });
    const { items } = await client.list(storageClasses, call());
    expect(items.map(({ metadata, volumeBindingMode }) => [metadata.name, volumeBindingMode])).toEqual([
      ["groupsnap", "Immediate"],
    ]);
    for (const resource of [groupClasses, snapshotClasses]) {
      const listed = await client.list(resource, call());
      expect(listed.items.map(({ metadata, deletionPolicy }) => [metadata.name, deletionPolicy])).toEqual([
        ["groupsnap", "Delete"],
      ]);
      expect(Object.entries(listed.items[0]?.metadata.annotations ?? {})).toEqual([
        [expect.stringMatching(/is-default-class$/), "true"],
      ]);
    }
  });

  test("keeps its folder to the user: 0700, kubeconfig and sockets 0600", async () => {
    await start();
    expect([modeOf(), modeOf("kubeconfig"), modeOf("csi.sock")]).toEqual([0o700, 0o600, 0o600]);
    expect(readdirSync(dataDir())).toContain("pool");
  });

  test("ends with status 0 within 5 s of SIGTERM, and starts again on the same folder", async () => {
    const first = await start();
    const began = performance.now();
    expect(await first.end("SIGTERM")).toBe(0);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(first.log()).not.toContain("given up"); // nothing was under way, so nothing was waited for
    const second = await start();
    expect(second.ready).toBe(first.ready);
  });

  test("refuses a folder that another process holds and names that process", async () => {
    const { pid } = await start();
    await expect(start()).rejects.toThrow(new RegExp(`${pid}`));
  });

  test("refuses a folder that another process holds also where both work on a cluster of somebody else", async () => {
    const api = await groupsnap.start(["apiserver", "--data-dir", join(groupsnap.folder, "api"), "--port", "0"]);
    const elsewhere = ["--kubeconfig", api.ready.replace("kubeconfig ", "")];
    const first = await start(...elsewhere);
    await expect(start(...elsewhere)).rejects.toThrow(`${dataDir()} is in use by process ${first.pid}`);
    expect(await first.end("SIGTERM")).toBe(0);
    expect((await start(...elsewhere)).ready).toBe(first.ready);
  });

  test("takes over a folder whose process was killed", async () => {
    const first = await start();
    await first.end("SIGKILL");
    const second = await start();
    expect(second.ready).toBe(first.ready);
  });

  test("refuses a port that is in use and says which, and how to choose another", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => squatter.once("listening", resolve));
    const address = squatter.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const refused = start("--port", `${port}`);
    await expect(refused).rejects.toThrow(new RegExp(`${port}.*--port`, "s"));
    squatter.close();
  });

  test("refuses a data folder whose sockets would not fit and names the limit of 107 bytes", async () => {
    const deep = join(groupsnap.folder, "x".repeat(120));
    mkdirSync(deep);
    await expect(groupsnap.start(clusterArgs(deep))).rejects.toThrow(/107/);
  });
});
