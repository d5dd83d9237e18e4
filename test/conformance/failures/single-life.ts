import { expect } from "vitest";
import { beingCreated } from "../../../src/api/annotations.ts";
import { contents, snapshots } from "../../../src/api/snapshot/resources.ts";
import { claims } from "../../../src/kube/core/claim.ts";
import { csiNodes, nodes } from "../../../src/kube/core/node.ts";
import { storageClasses } from "../../../src/kube/core/storage-class.ts";
import { volumes } from "../../../src/kube/core/volume.ts";
import { aNode } from "../../../src/testing/objects/node.ts";
import { aClaim, aStorageClass } from "../../../src/testing/objects/storage.ts";
import { strip } from "../../../src/testing/snapshot-lab.ts";
import { heldClaims, storageFlaws, tracesIn } from "./flaws.ts";
import { type FailureLab, settling } from "./lab.ts";

/** The claim that is snapshotted. */
const source = "data";
const call = () => ({ signal: AbortSignal.timeout(10_000) });

/** Class "fast", of which restored volumes are, and a node that has the driver. */
export async function makeClass({ shop: { client }, driver }: FailureLab): Promise<void> {
  const { nodeId } = driver.world;
  await client.create(storageClasses, strip(aStorageClass({ provisioner: driver.name })), call());
  await client.create(nodes, strip(aNode(nodeId)), call());
  const drivers = [{ name: driver.name, nodeID: nodeId, topologyKeys: [] }];
  const metadata = { name: nodeId };
  await client.create(
    csiNodes,
    { apiVersion: "storage.k8s.io/v1", kind: csiNodes.kind, metadata, spec: { drivers } },
    call(),
  );
}

/** From the creation of a single snapshot to nothing left of it; in between a claim is made from it, and is gone again. */
export async function wholeSingleLife(lab: FailureLab, name: string): Promise<void> {
  await take(lab, name);
  await restore(lab, name);
  await remove(lab, name);
}

/** Makes a snapshot, and waits until it is whole. */
export async function take(lab: FailureLab, name: string): Promise<void> {
  const wanted = { source: { persistentVolumeClaimName: source }, volumeSnapshotClassName: "delete" };
  await lab.shop.single(name, wanted);
  await expect.poll(() => flawsOfSingle(lab, name), settling).toEqual([]);
}

/** Makes a claim from the snapshot, and waits until it is bound. */
export async function restore(lab: FailureLab, name: string): Promise<void> {
  const { client, namespace } = lab.shop;
  const dataSource = { apiGroup: snapshots.group, kind: snapshots.kind, name };
  const metadata = { namespace, name: restoredFrom(name) };
  const spec = { ...aClaim("restored").spec, dataSource };
  await client.create(claims, { apiVersion: "v1", kind: claims.kind, metadata, spec }, call());
  await expect.poll(() => flawsOfRestored(lab, name), settling).toEqual([]);
}

/** Deletes the claim and then the snapshot, and waits each time until nothing is left of it. */
export async function remove(lab: FailureLab, name: string): Promise<void> {
  const { shop } = lab;
  await shop.remove(claims, restoredFrom(name));
  await expect.poll(() => tracesOfRestored(lab, name), settling).toEqual([]);
  await shop.remove(snapshots, name);
  await expect.poll(() => tracesIn(shop), settling).toEqual([]);
}

const restoredFrom = (name: string) => `from-${name}`;

/** What is wrong in a shop that has one single snapshot, of the source. */
export async function flawsOfSingle({ shop }: FailureLab, name: string): Promise<readonly string[]> {
  const { metadata, status } = await shop.client.get(snapshots, { namespace: shop.namespace, name }, call());
  const { items } = await shop.client.list(contents, call());
  const own = items.filter(({ spec }) => spec.volumeSnapshotRef.uid === metadata.uid);
  const marked = own.filter((content) => content.metadata.annotations?.[beingCreated] !== undefined);
  return [
    ...(status?.readyToUse ? [] : [`snapshot ${name} is not ready`]),
    ...(status?.error ? [`snapshot ${name} says: ${status.error.message}`] : []),
    ...(own.length === 1 && items.length === 1 ? [] : [`${own.length} of ${items.length} contents are of ${name}`]),
    ...marked.map((content) => `${content.metadata.name} is marked as being created`),
    ...(await storageFlaws(shop, items)),
    ...(await heldClaims(shop)),
  ];
}

/** What is wrong in a shop with one claim that was made from the snapshot. */
export async function flawsOfRestored({ shop, driver }: FailureLab, name: string): Promise<readonly string[]> {
  const at = { namespace: shop.namespace, name: restoredFrom(name) };
  const { spec, status, metadata } = await shop.client.get(claims, at, call());
  const made = [...driver.world.volumes.values()].filter((volume) => volume.source?.case === "snapshot");
  const found = await Promise.all(made.map((volume) => shop.client.find(volumes, { name: volume.name }, call())));
  return [
    ...(status?.phase === "Bound" ? [] : [`claim ${at.name} is ${status?.phase}`]),
    ...(made.length === 1 ? [] : [`${made.length} volumes on the storage were made from snapshots`]),
    ...made.filter(({ name: id }) => id !== spec.volumeName).map(({ name: id }) => `volume ${id} is nobody's`),
    ...found.filter((volume) => volume?.spec.claimRef?.uid !== metadata.uid).map(() => "a volume without its object"),
    ...(metadata.finalizers ?? []).filter((one) => one.startsWith("groupsnap.dev/")),
  ];
}

/** What there still is of a claim that was made from the snapshot. */
export async function tracesOfRestored({ shop, driver }: FailureLab, name: string): Promise<readonly string[]> {
  const claim = await shop.client.find(claims, { namespace: shop.namespace, name: restoredFrom(name) }, call());
  const { items } = await shop.client.list(volumes, call());
  return [
    ...(claim ? [`claim ${claim.metadata.name}`] : []),
    ...items.filter(({ spec }) => spec.claimRef?.name === restoredFrom(name)).map(({ metadata }) => metadata.name),
    ...[...driver.world.volumes.values()].filter(({ source: from }) => from).map(({ id }) => `volume ${id}`),
  ];
}
