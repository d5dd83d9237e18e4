import { afterAll, beforeAll, expect, test } from "vitest";
import { groupBeingCreated } from "../../../api/annotations.ts";
import { claimFinalizer } from "../../../api/finalizers.ts";
import { groupContents, groupSnapshots } from "../../../api/group-snapshot/resources.ts";
import type { GroupSnapshot, GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import { volumeHandle } from "../../../api/handles.ts";
import { groupContentNameOf } from "../../../api/names.ts";
import { snapshots } from "../../../api/snapshot/resources.ts";
import { type Claim, claims } from "../../../kube/core/claim.ts";
import { apiVersionOf, type Draft, type LabelSelector } from "../../../kube/object.ts";
import { type LabApi, labApi } from "../../../testing/lab-api.ts";
import { aSingleWorld, type SingleWorld } from "../../../testing/single-world.ts";
import { referenceTo } from "../binding.ts";
import { isProtected } from "../protection.ts";

let api: LabApi;
beforeAll(async () => {
  api = await labApi();
});
afterAll(() => api.stop());

/** Runs a test with claim "data", labelled app=db, and nobody but the controllers of claims and singles at work. */
async function withClaim(work: (world: SingleWorld) => Promise<void>): Promise<void> {
  const world = await aSingleWorld(api);
  try {
    await label(world, "db");
    world.run();
    await work(world);
  } finally {
    await world.stop();
  }
}

const dataOf = ({ namespace }: SingleWorld) => ({ namespace, name: "data" });
const isFree = (claim: Claim | undefined) => claim !== undefined && !isProtected(claim);
const isHeld = (claim: Claim | undefined) => claim !== undefined && isProtected(claim);

function label(world: SingleWorld, app: string | null) {
  const patch = { metadata: { labels: { app } } };
  return world.client.patch(claims, dataOf(world), { type: "merge", patch }, { signal: world.signal });
}

function aGroup({ client, namespace, signal }: SingleWorld, selector: LabelSelector): Promise<GroupSnapshot> {
  const metadata = { name: "group", namespace };
  const { kind } = groupSnapshots;
  const draft = { apiVersion: apiVersionOf(groupSnapshots), kind, metadata, spec: { source: { selector } } };
  return client.create(groupSnapshots, draft, { signal });
}

function aContent({ client, driver, signal }: SingleWorld, group: GroupSnapshot, mark: boolean) {
  const draft: Draft<GroupSnapshotContent> = {
    apiVersion: apiVersionOf(groupContents),
    kind: groupContents.kind,
    metadata: { name: groupContentNameOf(group), ...(mark && { annotations: { [groupBeingCreated]: "yes" } }) },
    spec: {
      driver: driver.name,
      deletionPolicy: "Delete",
      volumeGroupSnapshotRef: referenceTo(group),
      source: { volumeHandles: [volumeHandle("handle-of-data")] },
    },
  };
  return client.create(groupContents, draft, { signal });
}

test("a claim that a group selects by an expression is protected until the group is ready", () =>
  withClaim(async (world) => {
    const group = await aGroup(world, { matchExpressions: [{ key: "app", operator: "In", values: ["db"] }] });
    await world.until(claims, dataOf(world), isHeld);
    await world.client.updateStatus(
      groupSnapshots,
      { ...group, status: { readyToUse: true } },
      { signal: world.signal },
    );
    const claim = await world.until(claims, dataOf(world), isFree);
    expect(claim?.metadata.finalizers ?? []).not.toContain(claimFinalizer);
  }));

test("a claim that loses its label during a cut stays protected, since the content names its volume", () =>
  withClaim(async (world) => {
    const group = await aGroup(world, { matchLabels: { app: "db" } });
    await world.until(claims, dataOf(world), isHeld);
    await aContent(world, group, false);
    await label(world, null);
    const single = await world.snapshot("meanwhile");
    await world.until(snapshots, single.metadata, (found) => found?.status?.readyToUse === true);
    expect(await world.client.get(claims, dataOf(world), { signal: world.signal })).toSatisfy(isHeld);
    await world.client.delete(groupSnapshots, group.metadata, { signal: world.signal });
    await world.until(claims, dataOf(world), isFree);
  }));

test("a claim stays protected after its group is gone while the driver may still cut, and goes when that is over", () =>
  withClaim(async (world) => {
    const { client, signal } = world;
    const group = await aGroup(world, { matchLabels: { app: "db" } });
    await world.until(claims, dataOf(world), isHeld);
    const content = await aContent(world, group, true);
    await client.delete(groupSnapshots, group.metadata, { signal });
    const deleted = await client.delete(claims, dataOf(world), { signal });
    expect(deleted?.metadata.finalizers).toContain(claimFinalizer);
    await client.delete(groupContents, content.metadata, { signal });
    await world.until(claims, dataOf(world), (claim) => !isHeld(claim));
  }));

test("a claim that is deleted before its group could be bound goes, and does not wait for the group", () =>
  withClaim(async (world) => {
    await aGroup(world, { matchLabels: { app: "db" } });
    await world.until(claims, dataOf(world), isHeld);
    await world.client.delete(claims, dataOf(world), { signal: world.signal });
    expect(await world.until(claims, dataOf(world), (claim) => !isHeld(claim))).not.toSatisfy(isHeld);
  }));
