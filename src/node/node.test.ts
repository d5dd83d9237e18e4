import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { claims } from "../kube/core/claim.ts";
import { csiNodes, nodes } from "../kube/core/node.ts";
import { pods } from "../kube/core/pod.ts";
import { volumes } from "../kube/core/volume.ts";
import { aClaim, aVolumeFor } from "../testing/objects/storage.ts";
import { strip } from "../testing/snapshot-lab.ts";
import { type LabProcesses, type VolumeLab, volumeLab, worldOf } from "../testing/volume-lab.ts";

let lab: VolumeLab;
let processes: LabProcesses;
const inShop = (name: string) => ({ namespace: "shop", name });
const nothingLeft = { claims: [], volumes: [], held: 0, staged: 0, published: 0 };
const gone = (object: unknown) => object === undefined;
const soon = () => ({ signal: AbortSignal.timeout(10_000) });

beforeAll(async () => {
  lab = await volumeLab();
  await lab.makeClass();
  await lab.makeClass({ volumeBindingMode: "WaitForFirstConsumer" }, "late");
  await lab.makeClass({ provisioner: "kubernetes.io/no-provisioner" }, "by-hand");
  processes = await lab.start();
});
afterAll(() => lab.stop());

async function clear(name: string): Promise<void> {
  const claim = await lab.client.find(claims, inShop(name), soon());
  await lab.deleteClaim(name);
  await lab.until(claims, inShop(name), gone);
  if (claim?.spec.volumeName) await lab.until(volumes, { name: claim.spec.volumeName }, gone);
}

/** A volume of class "by-hand" that exists on the storage and is for nobody. */
async function makeVolume(name: string, storage = "1Gi", spec = {}) {
  lab.driver.world.addVolume({ id: name, name, sizeBytes: 1n << 30n });
  const { claimRef: _nobody, ...free } = aVolumeFor(aClaim("x"), {
    capacity: { storage },
    storageClassName: "by-hand",
    persistentVolumeReclaimPolicy: "Retain",
    csi: { driver: lab.driver.name, volumeHandle: name },
  }).spec;
  const { spec: _spec, ...rest } = strip(aVolumeFor(aClaim("x"), {}, { annotations: {} }));
  return lab.client.create(volumes, { ...rest, metadata: { name }, spec: { ...free, ...spec } }, soon());
}

async function discard(name: string): Promise<void> {
  await lab.client.delete(volumes, { name }, soon());
  await lab.until(volumes, { name }, gone);
  lab.driver.world.volumes.delete(name);
}

test("a claim gets a volume, is bound, published at its path, and leaves nothing when it is deleted", async () => {
  await lab.makeClaim("data");
  const claim = await lab.published("data");
  const path = join(lab.dataDir, "volumes", "shop", "data");
  expect(claim.metadata.annotations?.["groupsnap.dev/published-path"]).toBe(path);
  expect(readFileSync(join(path, "volume.nbd"), "utf8")).not.toBe("");
  expect(claim.status).toMatchObject({ phase: "Bound", capacity: { storage: "1Gi" } });
  await lab.until(volumes, { name: claim.spec.volumeName ?? "" }, (volume) => volume?.status?.phase === "Bound");
  await clear("data");
  expect([await worldOf(lab), existsSync(path)]).toEqual([nothingLeft, false]);
});

test("a block claim appears as one thing at its path, and a claim whose class waits gets this node as its consumer", async () => {
  await lab.makeClaim("raw", { volumeMode: "Block", storageClassName: "late" });
  const claim = await lab.published("raw");
  expect(claim.metadata.annotations?.["volume.kubernetes.io/selected-node"]).toBe("node-1");
  expect(readFileSync(join(lab.dataDir, "volumes", "shop", "raw"), "utf8")).not.toBe("");
  const volume = await lab.client.get(volumes, { name: claim.spec.volumeName ?? "" }, soon());
  expect(volume.spec.nodeAffinity?.required.nodeSelectorTerms).toEqual([
    { matchExpressions: [{ key: "topology.scripted.example.com/node", operator: "In", values: ["node-1"] }] },
  ]);
  await clear("raw");
});

test("the machine is a ready node with the driver's labels, and has a CSINode", async () => {
  const node = await lab.client.get(nodes, { name: "node-1" }, soon());
  expect(node.metadata.labels).toMatchObject({ "topology.scripted.example.com/node": "node-1" });
  expect(node.status?.conditions?.[0]).toMatchObject({ type: "Ready", status: "True" });
  const { spec } = await lab.client.get(csiNodes, { name: "node-1" }, soon());
  expect(spec.drivers).toEqual([
    { name: lab.driver.name, nodeID: "node-1", topologyKeys: ["topology.scripted.example.com/node"] },
  ]);
});

test("two claims never get one volume that exists, and the smallest that is large enough is taken", async () => {
  await makeVolume("large", "4Gi");
  await makeVolume("small", "1Gi");
  await lab.makeClaim("first", { storageClassName: "by-hand" });
  const first = await lab.published("first");
  expect(first.spec.volumeName).toBe("small");
  expect(first.metadata.annotations).toMatchObject({ "pv.kubernetes.io/bound-by-controller": "yes" });
  await Promise.all(["left", "right"].map((name) => lab.makeClaim(name, { storageClassName: "by-hand" })));
  const bound = await lab.until(volumes, { name: "large" }, (volume) => volume?.status?.phase === "Bound");
  const winner = bound?.spec.claimRef?.name ?? "";
  const loser = winner === "left" ? "right" : "left";
  expect((await lab.published(winner)).spec.volumeName).toBe("large");
  expect((await lab.client.get(claims, inShop(loser), soon())).status?.phase).toBe("Pending");
  for (const name of ["first", "left", "right"]) {
    await lab.deleteClaim(name);
    await lab.until(claims, inShop(name), gone);
  }
  await lab.until(volumes, { name: "small" }, (volume) => volume?.status?.phase === "Released"); // Retain keeps it
  await discard("small");
  await discard("large");
});

test("a volume that a claim names is taken if it fits, and the reason is said if it does not", async () => {
  await makeVolume("chosen");
  await lab.makeClaim("picky", {
    storageClassName: "by-hand",
    volumeName: "chosen",
    resources: { requests: { storage: "2Gi" } },
  });
  await lab.eventOf("picky", /spec.volumeName cannot be served: volume "chosen" has 1Gi, the claim asks for 2Gi/);
  await lab.deleteClaim("picky");
  await lab.until(claims, inShop("picky"), gone);
  await lab.makeClaim("modest", { storageClassName: "by-hand", volumeName: "chosen" });
  expect((await lab.published("modest")).spec.volumeName).toBe("chosen");
  await lab.deleteClaim("modest");
  await lab.until(claims, inShop("modest"), gone);
  await discard("chosen");
});

test("a claim for which there is no class, or no volume, says what to do", async () => {
  await lab.makeClaim("classless", { storageClassName: "missing" });
  await lab.makeClaim("unserved", { storageClassName: "by-hand" });
  await lab.eventOf("classless", /storageClassName names "missing", and there is no such StorageClass: create it/);
  await lab.eventOf("unserved", /No volume of class "by-hand" will do, and its volumes are made by hand: create one/);
  for (const name of ["classless", "unserved"]) await clear(name);
});

test("a claim that a pod uses stays until the pod is gone", async () => {
  await lab.makeClaim("used");
  await lab.published("used");
  const volume = { name: "data", persistentVolumeClaim: { claimName: "used" } };
  const spec = { containers: [{ name: "app", image: "none" }], volumes: [volume] };
  await lab.client.create(pods, { apiVersion: "v1", kind: "Pod", metadata: inShop("app"), spec }, soon());
  await lab.deleteClaim("used");
  await lab.until(
    claims,
    inShop("used"),
    (claim) => claim?.metadata.annotations?.["groupsnap.dev/published-path"] === undefined,
  );
  expect((await lab.client.get(claims, inShop("used"), soon())).metadata.finalizers).toContain(
    "kubernetes.io/pvc-protection",
  );
  await lab.client.patch(
    pods,
    inShop("app"),
    { type: "merge", patch: { status: { phase: "Succeeded" } } },
    { ...soon(), subresource: "status" },
  );
  await lab.until(claims, inShop("used"), gone);
});

test("after a restart what is bound is published again, and what was forced away meanwhile is ended", async () => {
  await lab.makeClaim("kept");
  await lab.makeClaim("forced");
  await lab.published("kept");
  const { spec } = await lab.published("forced");
  await processes.stop();
  lab.driver.world.published.clear(); // the machine was started anew
  await lab.client.patch(
    claims,
    inShop("forced"),
    { type: "merge", patch: { metadata: { finalizers: null } } },
    soon(),
  );
  await lab.deleteClaim("forced");
  const told = lab.driver.called("NodePublishVolume");
  processes = await lab.start();
  await told;
  await lab.until(volumes, { name: spec.volumeName ?? "" }, gone);
  await vi.waitFor(() =>
    expect([...lab.driver.world.published.keys()]).toEqual([join(lab.dataDir, "volumes", "shop", "kept")]),
  );
  await clear("kept");
  expect(await worldOf(lab)).toEqual(nothingLeft);
});

test("a claim whose volume is gone is lost, and says so", async () => {
  await makeVolume("fragile");
  await lab.makeClaim("unlucky", { storageClassName: "by-hand" });
  await lab.published("unlucky");
  await lab.client.delete(volumes, { name: "fragile" }, soon());
  await lab.client.patch(
    volumes,
    { name: "fragile" },
    { type: "merge", patch: { metadata: { finalizers: null } } },
    soon(),
  );
  await lab.until(claims, inShop("unlucky"), (claim) => claim?.status?.phase === "Lost");
  await lab.eventOf("unlucky", /Its volume "fragile" is gone: restore it, or delete the claim/);
  await lab.deleteClaim("unlucky");
  await lab.until(claims, inShop("unlucky"), gone);
  lab.driver.world.volumes.delete("fragile");
});
