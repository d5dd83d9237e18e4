import { afterAll, beforeAll, expect, test } from "vitest";
import { groupFinalizer } from "../../../api/finalizers.ts";
import { groupContents, groupSnapshots } from "../../../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../../api/group-snapshot/types.ts";
import { cacheOf } from "../../../kube/cache/cache-of.ts";
import { systemClock } from "../../../lib/clock.ts";
import { silent } from "../../../lib/log.ts";
import { systemRandom } from "../../../lib/random.ts";
import { faultsIn } from "../../../testing/faults.ts";
import { aCut, aGroup, aGroupContent } from "../../../testing/group-builders.ts";
import { type SnapshotLab, snapshotLab, strip } from "../../../testing/snapshot-lab.ts";
import { snapshotCaches } from "../../pairing/caches.ts";
import { groupController } from "../controller.ts";
import { firstObstacle } from "./obstacles.ts";
import type { BindingSeen } from "./seen.ts";

const { signal } = new AbortController();
let lab: SnapshotLab;
beforeAll(async () => {
  lab = await snapshotLab();
});
afterAll(() => lab.stop());

/** The group's reconciler with caches that have not seen anything yet, and a count of its lists. */
function lagging() {
  const { subject: client, calls } = faultsIn(lab.client);
  const around = { clock: systemClock, random: systemRandom, log: silent };
  const caches = snapshotCaches((resource, options = {}) => cacheOf({ client, resource, ...options, ...around }));
  const { observe, decide } = groupController({ caches });
  const observed = async (group: GroupSnapshot) => observe(group, { now: new Date(0), client, signal });
  return {
    observed,
    reasonFor: async (group: GroupSnapshot) => decide(await observed(group)).reason,
    stepsFor: async (group: GroupSnapshot) => decide(await observed(group)).steps,
    lists: () => calls("list"),
  };
}

test("class and claims that were applied together with the group, and are not in the caches yet, are no obstacle", async () => {
  await lab.makeClaims("fresh", ["fresh-data"]);
  const group = await lab.makeGroup("fresh");
  expect(await lagging().reasonFor(group)).toBe("ProtectGroup");
});

test("an obstacle is looked at live when it is news, and costs no request once it stands on the group", async () => {
  const group = await lab.makeGroup("none", "none", "missing");
  const controller = lagging();
  const seen = await controller.observed(group);
  expect(controller.lists()).toBe(2);
  const error = { message: firstObstacle(seen as BindingSeen)?.message ?? "" }; // its class is missing
  expect(await controller.reasonFor({ ...group, status: { error } })).toBe("GetGroupSnapshotClassFailed");
  expect(controller.lists()).toBe(2);
});

test("a content that an admin made together with the group, and the caches do not hold yet, is not missed", async () => {
  const spec = { source: { volumeGroupSnapshotContentName: "brought" } };
  const group = await lab.client.create(groupSnapshots, strip(aGroup({ spec }, { name: "adopting" })), { signal });
  const controller = lagging();
  expect(await controller.reasonFor(group)).toBe("GroupSnapshotContentMissing");
  const brought = aGroupContent(group, []);
  const source = { groupSnapshotHandles: { volumeGroupSnapshotHandle: "g", volumeSnapshotHandles: ["s"] } };
  const content = { ...strip(brought), metadata: { name: "brought" }, spec: { ...brought.spec, source } };
  await lab.client.create(groupContents, content as unknown as typeof brought, { signal }); // handles are strings
  expect(await controller.reasonFor(group)).toBe("ProtectGroup");
});

test("a member that is made while the caches do not hold volumes and claims yet names its claim all the same", async () => {
  await lab.makeClaims("late", ["late-data"]);
  const group = await lab.makeGroup("late");
  const draft = strip(aGroupContent(group, ["late-data"]));
  const content = await lab.client.create(groupContents, draft, { signal });
  await lab.client.updateStatus(groupContents, { ...content, status: aCut(["late-data"]) }, { signal });
  const bound = {
    ...group,
    metadata: { ...group.metadata, finalizers: [groupFinalizer] },
    status: { boundVolumeGroupSnapshotContentName: content.metadata.name },
  };
  expect(await lagging().stepsFor(bound)).toMatchObject([
    [{ do: "create", draft: { spec: { source: { persistentVolumeClaimName: "late-data" } } } }],
  ]);
});
