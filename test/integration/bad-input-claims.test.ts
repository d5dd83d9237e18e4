import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crds } from "../../src/api/crds.ts";
import { groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { localDriverName, publishedPathAnnotation } from "../../src/api/local-driver.ts";
import { snapshots } from "../../src/api/snapshot/resources.ts";
import { claims } from "../../src/kube/core/claim.ts";
import { storageClasses } from "../../src/kube/core/storage-class.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../src/testing/cluster.ts";
import { type UserCluster, userCluster } from "../../src/testing/user-cluster.ts";

/** Who has asked the API for something, as they call themselves. */
const userAgents = new Set<string>();
let api: ThrowAwayApi;
let cluster: UserCluster;
beforeAll(async () => {
  api = await throwAwayApi({
    crds,
    intercept: async ({ userAgent }) => void userAgents.add(userAgent.split(/[ /]/)[0] ?? ""),
  });
  cluster = await userCluster("--kubeconfig", api.kubeconfigPath, "--pool-size", "64Mi");
  await cluster.makeClaim("source", { app: "db" }, sized("4Mi"));
  await cluster.bound("source");
  await cluster.make(snapshots, "daily", { spec: { source: { persistentVolumeClaimName: "source" } } });
  await cluster.until(snapshots, "daily", ({ status }) => status?.readyToUse === true);
});
afterAll(async () => {
  await cluster.stop();
  await api.stop();
});

const sized = (storage: string) => ({ resources: { requests: { storage } } });
const fromDaily = {
  dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "daily" },
};
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe("a claim that restores a snapshot", () => {
  test("and is smaller is refused with the field, both sizes and the least that works", async () => {
    await cluster.makeClaim("smaller", {}, { ...fromDaily, ...sized("1Mi") });
    expect(await cluster.warning("smaller", "ProvisioningFailed")).toMatch(
      /spec\.resources\.requests\.storage 1Mi is less than the 4Mi of VolumeSnapshot "daily": ask for 4Mi or more/,
    );
    const { status } = await cluster.client.get(claims, at("smaller"), call());
    expect(status?.phase).toBe("Pending");
    await cluster.remove(claims, "smaller");
  });

  test("and is larger is bound with the size it asks for", async () => {
    await cluster.makeClaim("larger", {}, { ...fromDaily, ...sized("8Mi") });
    const { status } = await cluster.bound("larger");
    expect(status?.capacity?.storage).toBe("8Mi");
    await cluster.remove(claims, "larger");
  });
});

test("a claim too large for what --pool-size leaves says so, and is bound as soon as there is room", async () => {
  await cluster.makeClaim("first", {}, sized("40Mi"));
  await cluster.bound("first");
  await cluster.makeClaim("second", {}, sized("40Mi"));
  expect(await cluster.warning("second", "ProvisioningFailed")).toMatch(
    /needs 40 MiB, the pool has \d+ MiB of its limit of 64 MiB left; delete volumes or snapshots, or raise --pool-size/,
  );
  await cluster.remove(claims, "first");
  await cluster.bound("second");
  await cluster.remove(claims, "second");
});

test("a claim of a class that is not there is Pending, with the reason, until the class comes", async () => {
  await cluster.makeClaim("early", {}, { storageClassName: "late" });
  expect(await cluster.warning("early", "FailedBinding")).toMatch(
    /spec\.storageClassName names "late", and there is no such StorageClass: create it/,
  );
  await cluster.make(storageClasses, "late", { provisioner: localDriverName, volumeBindingMode: "Immediate" });
  await cluster.bound("early");
});

test("volumes, snapshots and the sockets of published claims are their owner's alone", async () => {
  const { metadata } = await cluster.until(
    claims,
    "source",
    (claim) => claim.metadata.annotations?.[publishedPathAnnotation] !== undefined,
  );
  const published = metadata.annotations?.[publishedPathAnnotation] ?? "";
  const pool = join(cluster.dataDir, "pool");
  const images = readdirSync(pool, { recursive: true, encoding: "utf8" }).filter((name) => /\.(img|db)/.test(name));
  expect(images.filter((name) => name.startsWith("snapshots")).length).toBeGreaterThan(0);
  const open = [...images.map((name) => join(pool, name)), socketOf(published)].filter(
    (path) => modeOf(path) !== "600",
  );
  expect(open).toEqual([]);
  expect([pool, join(pool, "volumes"), join(pool, "snapshots")].map(modeOf)).toEqual(["700", "700", "700"]);
});

test("every part of the program tells the API server its own name", async () => {
  await cluster.make(groupSnapshots, "named", { spec: { source: { selector: { matchLabels: { app: "db" } } } } });
  await cluster.until(groupSnapshots, "named", ({ status }) => status?.readyToUse === true);
  expect([...userAgents].filter((name) => name.startsWith("groupsnap-")).sort()).toEqual([
    "groupsnap-csi-snapshotter",
    "groupsnap-node",
    "groupsnap-provisioner",
    "groupsnap-snapshot-controller",
    "groupsnap-start",
  ]);
});

const at = (name: string) => ({ namespace: "shop", name });
const call = () => ({ signal: AbortSignal.timeout(10_000) });
/** In a folder for filesystems the socket is volume.nbd; a raw block volume is the socket itself. */
const socketOf = (path: string) => (statSync(path).isDirectory() ? join(path, "volume.nbd") : path);
