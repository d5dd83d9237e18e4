import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { open, readFile, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { snapshots } from "../../src/api/snapshot/resources.ts";
import { claims } from "../../src/kube/core/claim.ts";
import { storageClasses } from "../../src/kube/core/storage-class.ts";
import { volumes } from "../../src/kube/core/volume.ts";
import type { Resource } from "../../src/kube/object.ts";
import { type RootCluster, rootCluster, type StartedCluster } from "../../src/testing/root-cluster.ts";
import { scratchPool } from "../../src/testing/scratch-pool.ts";

let root: RootCluster;
beforeEach(async () => {
  root = await rootCluster();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await root.remove();
});

const labels = { group: "myGroup" };
const small = { resources: { requests: { storage: "16Mi" } } };
/** Volumes are published again after the ready line, by processes on a machine that may be busy. */
const soon = { timeout: 30_000, interval: 50 } as const;

/** Flushed when it resolves. */
async function write(path: string, text: string): Promise<void> {
  const file = await open(path, existsSync(path) ? "r+" : "w");
  await file.writeFile(text);
  await file.sync();
  await file.close();
}

async function head(path: string, bytes: number): Promise<string> {
  const file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
  await file.close();
  return buffer.toString();
}

const textAt = (path: string) => readFile(path, "utf8").catch(() => "nothing");
const imagesIn = (kind: string) =>
  readdirSync(join(root.dataDir, "pool", kind)).filter((name) => name.endsWith(".img"));

/** Claims with something in them: a mounted folder for each name, and a block device "raw". */
async function furnished(cluster: StartedCluster, ...names: readonly string[]): Promise<void> {
  for (const name of names) await cluster.makeClaim(name, labels, small);
  await cluster.makeClaim("raw", labels, { ...small, volumeMode: "Block" });
  for (const name of names) await write(join(await cluster.published(name), "note"), `hello ${name}`);
  await write(await cluster.published("raw"), "hello raw");
}

async function restored(cluster: StartedCluster, claim: string): Promise<string> {
  const { items } = await cluster.client.list(snapshots, { namespace: "shop", signal: AbortSignal.timeout(30_000) });
  const of = items.find(({ spec }) => spec.source.persistentVolumeClaimName === claim);
  const dataSource = { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: of?.metadata.name ?? "" };
  const volumeMode = claim === "raw" ? "Block" : "Filesystem";
  await cluster.makeClaim(`${claim}-restore`, {}, { ...small, volumeMode, dataSource });
  return cluster.published(`${claim}-restore`);
}

async function gone(cluster: StartedCluster): Promise<void> {
  const call = () => ({ signal: AbortSignal.timeout(30_000) });
  const { items } = await cluster.client.list(claims, { namespace: "shop", ...call() });
  for (const { metadata } of items) await cluster.remove(claims, metadata.name);
  const kinds: readonly Resource[] = [claims, volumes, snapshots];
  for (const kind of kinds)
    await expect.poll(async () => (await cluster.client.list(kind, call())).items, soon).toEqual([]);
}

describe("the embedded cluster with root", () => {
  test("shows claims as mounted folders and block devices, cuts and restores them as a group, and leaves nothing", async () => {
    const cluster = await root.start();
    await furnished(cluster, "data", "wal");
    const ready = ({ status }: { readonly status?: { readonly readyToUse?: boolean } }) => status?.readyToUse === true;
    await cluster.make(groupSnapshots, "group", { spec: { source: { selector: { matchLabels: labels } } } });
    await cluster.until(groupSnapshots, "group", ready);
    for (const name of ["data", "wal"]) await write(join(await cluster.published(name), "note"), "later");
    await write(await cluster.published("raw"), "later raw");
    for (const name of ["data", "wal"])
      expect(await textAt(join(await restored(cluster, name), "note"))).toBe(`hello ${name}`);
    const raw = await restored(cluster, "raw");
    expect([(await stat(raw)).isBlockDevice(), await head(raw, 9)]).toEqual([true, "hello raw"]);
    await cluster.remove(groupSnapshots, "group");
    await gone(cluster);
    expect([imagesIn("volumes"), imagesIn("snapshots")]).toEqual([[], []]);
    await expect.poll(() => root.mounts(), soon).toEqual([join(root.dataDir, "pool")]);
  });

  test("takes everything down when it is stopped, and puts it back with its data when it is started again", async () => {
    const first = await root.start();
    await furnished(first, "data");
    const [data, raw] = [await first.published("data"), await first.published("raw")];
    expect(await first.end("SIGTERM")).toBe(0);
    await expect.poll(() => root.left(), soon).toEqual([]);
    expect([existsSync(data), existsSync(raw)]).toEqual([false, false]);
    const second = await root.start();
    expect([await second.published("data"), await second.published("raw")]).toEqual([data, raw]);
    await expect.poll(() => textAt(join(data, "note")), soon).toBe("hello data");
    await expect.poll(() => head(raw, 9).catch(() => "nothing"), soon).toBe("hello raw");
  });

  test("goes on with what is mounted after kill -9, and ends a claim that was forced away meanwhile", async () => {
    const first = await root.start();
    await furnished(first, "data", "lost");
    const [data, lost] = [await first.published("data"), await first.published("lost")];
    const { dev } = await stat(data);
    await first.end("SIGKILL");
    expect(await textAt(join(data, "note"))).toBe("hello data"); // nobody is there, and it is
    const alone = await root.run("apiserver", "--data-dir", root.dataDir, "--port", "0");
    await alone.merge(claims, "lost", { metadata: { finalizers: null } });
    await alone.remove(claims, "lost");
    await alone.end("SIGTERM");
    const second = await root.start();
    await expect.poll(() => root.mounts(), soon).not.toContain(lost);
    await second.makeClaim("more", {}, small);
    await write(join(await second.published("more"), "note"), "hello more");
    expect([(await stat(data)).dev, await textAt(join(data, "note"))]).toEqual([dev, "hello data"]);
    expect(await second.end("SIGTERM")).toBe(0);
    await expect.poll(() => root.left(), soon).toEqual([]);
  });

  test("leaves a volume that somebody uses where it is, says so, and takes it over at the next start", async () => {
    const first = await root.start();
    await furnished(first, "data");
    const data = await first.published("data");
    const { dev } = await stat(data);
    const user = spawn("sleep", ["600"], { cwd: data, stdio: "ignore" });
    try {
      expect(await first.end("SIGTERM")).toBe(0);
      expect(first.daemon.log()).toContain(`"path":"${data}"`);
      expect(await root.mounts()).toContain(data);
      const second = await root.start();
      await second.makeClaim("more", {}, small);
      await second.published("more");
      expect([(await stat(data)).dev, await textAt(join(data, "note"))]).toEqual([dev, "hello data"]);
      const ended = once(user, "exit");
      user.kill("SIGKILL");
      await ended;
      expect(await second.end("SIGTERM")).toBe(0);
      await expect.poll(() => root.left(), soon).toEqual([]);
    } finally {
      user.kill("SIGKILL");
    }
  });

  test("lets a volume grow while it is mounted", async () => {
    const cluster = await root.start();
    const parameters = { "csi.storage.k8s.io/fstype": "xfs" };
    const rest = { provisioner: "local.csi.groupsnap.dev", allowVolumeExpansion: true, parameters };
    await cluster.make(storageClasses, "xfs", rest);
    const asked = (storage: string) => ({ resources: { requests: { storage } } });
    await cluster.makeClaim("data", {}, { storageClassName: "xfs", ...asked("320Mi") });
    const path = await cluster.published("data");
    const before = await statfs(path);
    await cluster.merge(claims, "data", { spec: asked("448Mi") });
    await cluster.until(claims, "data", ({ status }) => status?.capacity?.storage === "448Mi");
    const after = await statfs(path);
    expect((after.blocks - before.blocks) * after.bsize).toBeGreaterThan(100 << 20);
  });
});

describe("the data folder's pool", () => {
  test.each([
    ["btrfs", "atomic"],
    ["xfs", "freeze"],
  ] as const)("is the folder itself where that is on %s, and is cut by the %s engine", async (type, engine) => {
    const scratch = await scratchPool(type);
    const inPool = await rootCluster(scratch.path);
    try {
      const first = await inPool.start();
      await furnished(first, "data");
      const data = await first.published("data");
      expect([await textAt(join(inPool.dataDir, "engine")), existsSync(join(inPool.dataDir, "pool.img"))]).toEqual([
        `${engine}\n`,
        false,
      ]);
      expect(await first.end("SIGTERM")).toBe(0);
      await expect.poll(() => inPool.left(), soon).toEqual([]);
      await inPool.start();
      await expect.poll(() => textAt(join(data, "note")), soon).toBe("hello data");
    } finally {
      await inPool.remove();
      await scratch.remove();
    }
  });

  test("is in an image with XFS for who asks for the freeze engine, and stays with it", async () => {
    const first = await root.start("--engine", "freeze");
    await furnished(first, "data");
    const data = await first.published("data");
    expect(await first.end("SIGTERM")).toBe(0);
    await root.start();
    await expect.poll(() => textAt(join(data, "note")), soon).toBe("hello data");
    expect(await textAt(join(root.dataDir, "engine"))).toBe("freeze\n");
    await expect.poll(() => root.mounts(), soon).toContain(data);
  });

  test("stays one of sockets, also for root, who is told so when asking for mounts", async () => {
    const first = await root.start("--engine", "userland");
    await first.makeClaim("data", {}, small);
    const data = await first.published("data");
    await first.end("SIGTERM");
    await expect(root.start("--engine", "atomic")).rejects.toThrow(
      /are sockets \(engine userland\), and atomic mounts/,
    );
    await root.start();
    await expect
      .poll(
        () =>
          stat(join(data, "volume.nbd")).then(
            (found) => found.isSocket(),
            () => false,
          ),
        soon,
      )
      .toBe(true);
    expect(await root.left()).toEqual([]);
  });

  test("stays one of mounts for who asks for sockets", async () => {
    const first = await root.start();
    await furnished(first, "data");
    await first.end("SIGTERM");
    await expect(root.start("--engine", "userland")).rejects.toThrow(
      /are mounted .* userland serves sockets: start it/,
    );
    expect(await root.left()).toEqual([]);
  });

  test("is not made where the tools are missing: a forced engine names them, and without one there are sockets", async () => {
    vi.stubEnv("PATH", join(root.dataDir, "nowhere"));
    await expect(root.start("--engine", "atomic")).rejects.toThrow(
      /volumes cannot be mounted here. the folder itself: .*; an image with btrfs: .*losetup, which is not installed: install mount/,
    );
    expect(readdirSync(root.dataDir)).not.toContain("pool.img");
    const cluster = await root.start();
    await cluster.makeClaim("data", {}, small);
    expect((await stat(join(await cluster.published("data"), "volume.nbd"))).isSocket()).toBe(true);
  });
});
