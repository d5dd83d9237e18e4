import { afterAll, beforeAll, expect, test } from "vitest";
import { contents, snapshots } from "../api/snapshot/resources.ts";
import { claims } from "../kube/core/claim.ts";
import { namespaces } from "../kube/core/namespace.ts";
import { secrets } from "../kube/core/secret.ts";
import { volumes } from "../kube/core/volume.ts";
import { aContentOf, aReadySnapshot } from "../testing/objects/storage.ts";
import { strip } from "../testing/snapshot-lab.ts";
import { type VolumeLab, volumeLab, worldOf } from "../testing/volume-lab.ts";

let lab: VolumeLab;
const inShop = (name: string) => ({ namespace: "shop", name });
const gone = (object: unknown) => object === undefined;
const soon = () => ({ signal: AbortSignal.timeout(10_000) });
const sized = (storage: string) => ({ resources: { requests: { storage } } });
const held = (name: string) => [...lab.driver.world.volumes.values()].find((volume) => volume.name === name);

beforeAll(async () => {
  lab = await volumeLab();
  await lab.makeClass();
  await lab.start();
});
afterAll(() => lab.stop());

async function clear(name: string): Promise<void> {
  const { spec } = await lab.client.get(claims, inShop(name), soon());
  await lab.deleteClaim(name);
  await lab.until(claims, inShop(name), gone);
  if (spec.volumeName) await lab.until(volumes, { name: spec.volumeName }, gone);
}

/** A VolumeSnapshot of the driver's, ready or about to be. */
async function makeSnapshot(name: string, readyToUse = true) {
  const { spec, status, ...head } = strip(aReadySnapshot(name));
  const created = await lab.client.create(snapshots, { ...head, spec }, soon());
  const content = aContentOf(created);
  const storedContent = await lab.client.create(
    contents,
    strip({ ...content, metadata: { ...content.metadata, name: `content-of-${name}` } }),
    soon(),
  );
  await lab.client.updateStatus(
    contents,
    { ...storedContent, ...(content.status ? { status: content.status } : {}) },
    soon(),
  );
  lab.driver.world.snapshots.set(`handle-of-${name}`, {
    id: `handle-of-${name}`,
    name,
    sourceVolumeId: "data",
    sizeBytes: 1n << 30n,
    createdAt: new Date(),
    groupId: "",
  });
  return lab.client.updateStatus(snapshots, { ...created, status: { ...status, readyToUse } }, soon());
}

const fromSnapshot = (name: string) => ({
  dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name },
});

test("a claim is restored from a snapshot as soon as that is ready, and may be larger", async () => {
  const snapshot = await makeSnapshot("daily", false);
  await lab.makeClaim("restored", { ...fromSnapshot("daily"), ...sized("2Gi") });
  await lab.eventOf("restored", /VolumeSnapshot "daily" is not ready to use yet/);
  expect(lab.driver.world.volumes.size).toBe(0);
  await lab.client.updateStatus(snapshots, { ...snapshot, status: { ...snapshot.status, readyToUse: true } }, soon());
  const claim = await lab.published("restored");
  expect(held(claim.spec.volumeName ?? "")).toMatchObject({
    sizeBytes: 2n << 30n,
    source: { case: "snapshot", id: "handle-of-daily" },
  });
  await clear("restored");
});

test("a claim smaller than its snapshot is refused with both sizes, and no volume is made", async () => {
  await makeSnapshot("weekly");
  await lab.makeClaim("small", { ...fromSnapshot("weekly"), ...sized("100Mi") });
  await lab.eventOf(
    "small",
    /requests.storage 100Mi is less than the 1Gi of VolumeSnapshot "weekly": ask for 1Gi or more/,
  );
  expect(lab.driver.world.volumes.size).toBe(0);
  await clear("small");
});

test("a claim is made from another claim once that is bound", async () => {
  await lab.makeClaim("copy", { dataSource: { kind: "PersistentVolumeClaim", name: "origin" } });
  await lab.eventOf("copy", /names claim "origin", which does not exist/);
  await lab.makeClaim("origin");
  const [copy, origin] = await Promise.all([lab.published("copy"), lab.published("origin")]);
  const originId = held(origin.spec.volumeName ?? "")?.id;
  expect(held(copy.spec.volumeName ?? "")?.source).toEqual({ case: "volume", id: originId });
  await clear("copy");
  await clear("origin");
});

test("a driver's refusal is said on the claim, and the volume is made when the driver can", async () => {
  lab.driver.fail("CreateVolume", "exhausted", { times: 1, message: "the pool is full" });
  await lab.makeClaim("waiting");
  await lab.eventOf("waiting", /CreateVolume on .* failed with RESOURCE_EXHAUSTED: the pool is full/);
  await lab.published("waiting"); // tried again after a second
  await clear("waiting");
});

test("a volume smaller than asked for is given back to the driver, and the claim says why", async () => {
  lab.driver.alter("CreateVolume", (answer) => ({ volume: { ...(answer.volume as object), capacityBytes: 5n } }));
  await lab.makeClaim("cheated");
  await lab.eventOf("cheated", /was wrong, the volume was deleted: it has 5 bytes, 1073741824 were asked for/);
  await lab.deleteClaim("cheated");
  await lab.until(claims, inShop("cheated"), gone);
  lab.driver.heal();
  expect(lab.driver.world.volumes.size).toBe(0);
});

test("a claim deleted while the driver is still at its volume leaves nothing", async () => {
  lab.driver.fail("CreateVolume", "timeout", { times: 2, afterwards: true });
  await lab.makeClaim("hasty");
  await lab.eventOf("hasty", /CreateVolume on .* got no answer/);
  await lab.deleteClaim("hasty");
  await lab.until(claims, inShop("hasty"), gone);
  expect(await worldOf(lab)).toEqual({ claims: [], volumes: [], held: 0, staged: 0, published: 0 });
});

test("a claim deleted before its volume was there goes at once when the driver knows of no volume", async () => {
  lab.driver.fail("CreateVolume", "invalid", { message: "never" });
  await lab.makeClaim("hopeless");
  await lab.eventOf("hopeless", /INVALID_ARGUMENT: never/);
  await lab.deleteClaim("hopeless");
  await lab.until(claims, inShop("hopeless"), gone);
  lab.driver.heal();
});

test("a claim that there is no room for goes when it is deleted, although there still is none", async () => {
  lab.driver.fail("CreateVolume", "exhausted", { message: "the pool is full" });
  await lab.makeClaim("huge");
  await lab.eventOf("huge", /RESOURCE_EXHAUSTED: the pool is full/);
  await lab.deleteClaim("huge");
  await lab.until(claims, inShop("huge"), gone);
  lab.driver.heal();
});

test("a claim whose half-made volume cannot be undone stays, and says why", async () => {
  lab.driver.fail("CreateVolume", "exists", { message: "of another kind" });
  await lab.makeClaim("changed");
  await lab.eventOf("changed", /ALREADY_EXISTS: of another kind/);
  await lab.deleteClaim("changed");
  await lab.eventOf("changed", /was made and cannot be undone: .* give the class its old parameters/);
  lab.driver.heal();
  await lab.until(claims, inShop("changed"), gone); // tried again after a few seconds
});

test("a bound claim that asks for more gets it, on the storage, on the volume and on the node", async () => {
  await lab.makeClaim("growing");
  const { spec } = await lab.published("growing");
  await lab.client.patch(claims, inShop("growing"), { type: "merge", patch: { spec: sized("3Gi") } }, soon());
  const grown = await lab.until(claims, inShop("growing"), (claim) => claim?.status?.capacity?.storage === "3Gi");
  expect(grown?.status?.conditions ?? []).toEqual([]);
  expect(held(spec.volumeName ?? "")?.sizeBytes).toBe(3n << 30n);
  expect(lab.driver.count("NodeExpandVolume")).toBe(1);
  await clear("growing");
});

test("the secrets that a class names go with the calls that they are for", async () => {
  await lab.client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "vault" } }, soon());
  const parameters = {
    "csi.storage.k8s.io/provisioner-secret-name": "key",
    "csi.storage.k8s.io/provisioner-secret-namespace": "vault",
  };
  await lab.makeClass({ parameters }, "locked");
  await lab.makeClaim("secret", { storageClassName: "locked" });
  await lab.eventOf("secret", /There is no Secret vault\/key, which the class names: create it/);
  const data = { password: Buffer.from("hunter2").toString("base64") };
  await lab.client.create(
    secrets,
    { apiVersion: "v1", kind: "Secret", metadata: { namespace: "vault", name: "key" }, data },
    soon(),
  );
  await lab.published("secret"); // tried again after a second
  await clear("secret");
  const given = lab.driver.calls.filter(
    ({ request }) => "secrets" in request && Object(request.secrets).password === "hunter2",
  );
  expect([...new Set(given.map(({ method }) => method))]).toEqual(["CreateVolume", "DeleteVolume"]);
});

test("a retained volume outlives its claim, on the storage as in the API", async () => {
  await lab.makeClass({ reclaimPolicy: "Retain" }, "kept");
  await lab.makeClaim("precious", { storageClassName: "kept" });
  const { spec } = await lab.published("precious");
  const name = spec.volumeName ?? "";
  await lab.deleteClaim("precious");
  await lab.until(volumes, { name }, (volume) => volume?.status?.phase === "Released");
  await lab.client.delete(volumes, { name }, soon());
  await lab.until(volumes, { name }, gone);
  expect(held(name)).toBeDefined();
});

test("a volume that cannot be deleted yet goes when it can", async () => {
  await lab.makeClaim("sticky");
  const { spec } = await lab.published("sticky");
  lab.driver.fail("DeleteVolume", "precondition", { times: 1, message: "a backup is reading it" });
  await lab.deleteClaim("sticky");
  await lab.until(volumes, { name: spec.volumeName ?? "" }, gone);
  expect(held(spec.volumeName ?? "")).toBeUndefined();
});
