import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { groupBeingCreated } from "../../api/annotations.ts";
import { claimFinalizer } from "../../api/finalizers.ts";
import { groupClasses, groupContents, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../api/group-snapshot/types.ts";
import { claims } from "../../kube/core/claim.ts";
import { simulatedClock } from "../../testing/simulated-clock.ts";
import { type SnapshotLab, snapshotLab } from "../../testing/snapshot-lab.ts";

let lab: SnapshotLab;
let clock: ReturnType<typeof simulatedClock>;
let apps = 0;
let app: string;

beforeAll(async () => {
  lab = await snapshotLab();
  clock = simulatedClock();
  await Promise.all([lab.start("controller", { clock }), lab.start("sidecar", { clock })]);
});
afterAll(() => lab.stop());
beforeEach(async () => {
  app = `app${++apps}`;
  await lab.makeClaims(app, [`${app}-data`, `${app}-wal`]);
  lab.forgetRequests();
});
afterEach(async () => {
  lab.driver.heal();
  lab.driver.readyAfter(0);
  await lab.client.delete(groupSnapshots, at(app), { signal });
  await passing(() => lab.until(groupSnapshots, at(app), (group) => group === undefined));
  expect(await lab.leftovers()).toEqual([]);
  expect(`${lab.driver.world.groups.size} groups, ${lab.driver.world.snapshots.size} snapshots`).toBe(
    "0 groups, 0 snapshots",
  );
});

const { signal } = new AbortController();
const create = "CreateVolumeGroupSnapshot";
const at = (name: string) => ({ namespace: "shop", name });
const contentAt = (group: GroupSnapshot) => ({ name: `groupsnapcontent-${group.metadata.uid}` });
const isReady = (group: GroupSnapshot | undefined) => group?.status?.readyToUse === true;
const saying = (text: string) => (group: GroupSnapshot | undefined) =>
  group?.status?.error?.message?.includes(text) === true;

/** Lets simulated time pass, second by second, until `work` is done. */
async function passing<T>(work: () => Promise<T>): Promise<T> {
  let done = false;
  const result = work().finally(() => {
    done = true;
  });
  while (!done) {
    await clock.advance(1_000);
    await lab.settled();
  }
  return result;
}

/** Lets this much simulated time pass, with the processes at rest after each step. */
async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i += 2) {
    await clock.advance(2_000);
    await lab.settled();
  }
}

describe("a driver that refuses for good", () => {
  test.each(["invalid", "precondition", "exists", "forbidden", "unimplemented", "outOfRange"] as const)(
    "(%s) is shown on the group with the driver's words, and a deletion is not held up",
    async (code) => {
      lab.driver.fail(create, code, { message: `no: ${code}` });
      await lab.makeGroup(app);
      const group = await lab.until(groupSnapshots, at(app), saying(`no: ${code}`));
      expect(group?.status?.readyToUse).toBe(false);
      expect(group?.status?.error?.message).toContain(create);
      await lab.client.delete(groupSnapshots, at(app), { signal });
      await lab.until(groupSnapshots, at(app), (gone) => gone === undefined);
    },
  );

  test("is called 6 times in the first minute, and nothing is written that changes nothing", {
    timeout: 60_000,
  }, async () => {
    lab.driver.fail(create, "invalid");
    const before = lab.driver.count(create);
    await lab.makeGroup(app);
    await lab.until(groupSnapshots, at(app), saying("scripted invalid"));
    await lab.settled();
    lab.forgetRequests();
    await pass(60);
    expect(lab.driver.count(create) - before).toBeLessThanOrEqual(6);
    expect(lab.driver.count(create) - before).toBeGreaterThanOrEqual(5);
    expect(lab.requests).toEqual([]);
  });

  test("is asked again at once when the class is made anew", async () => {
    lab.driver.fail(create, "invalid");
    await lab.makeGroup(app);
    await lab.until(groupSnapshots, at(app), saying("scripted invalid"));
    await lab.settled();
    lab.driver.heal();
    const groupClass = await lab.client.get(groupClasses, { name: "groups" }, { signal });
    const { name } = groupClass.metadata;
    await lab.client.delete(groupClasses, { name }, { signal });
    await lab.client.create(
      groupClasses,
      { ...groupClass, metadata: { name }, parameters: { tier: "hot" } },
      { signal },
    );
    await lab.until(groupSnapshots, at(app), isReady);
  });
});

describe("a driver that is slow", () => {
  test("is polled 6 times in the first minute while it is not ready, without a write", {
    timeout: 60_000,
  }, async () => {
    lab.driver.readyAfter(1_000);
    const before = lab.driver.count(create);
    await lab.makeGroup(app);
    await lab.until(groupSnapshots, at(app), (group) => group?.status?.creationTime !== undefined);
    await lab.settled();
    lab.forgetRequests();
    await pass(60);
    expect(lab.driver.count(create) - before).toBeLessThanOrEqual(6);
    expect(lab.driver.count(create) - before).toBeGreaterThanOrEqual(5);
    expect(lab.requests).toEqual([]);
  });

  test("makes a group ready on its third answer with at most 6N+10 writes and a list that says so", async () => {
    lab.driver.readyAfter(2);
    const made = await lab.makeGroup(app);
    await passing(() => lab.until(groupSnapshots, at(app), isReady));
    await lab.settled();
    const content = await lab.client.get(groupContents, contentAt(made), { signal });
    expect(content.status?.volumeSnapshotInfoList?.map(({ readyToUse }) => readyToUse)).toEqual([true, true]);
    const writes = lab.requests.filter(({ method, path }) => method !== "GET" && !/events|claims/.test(path));
    expect(writes.length).toBeLessThanOrEqual(6 * 2 + 10);
    expect(lab.requests.filter(({ method }) => method === "GET")).toEqual([]);
  });

  test("(ABORTED) is waited for without a word", async () => {
    lab.driver.fail(create, "busy", { times: 3 });
    await lab.makeGroup(app);
    await passing(() => lab.until(groupSnapshots, at(app), isReady));
    expect(lab.requests.filter(({ path }) => path.includes("events")).length).toBeLessThanOrEqual(3);
  });

  test("has the claims protected for as long as it cuts, also when the group is deleted meanwhile", async () => {
    const open = lab.driver.hold(create);
    const called = lab.driver.called(create);
    const made = await lab.makeGroup(app);
    await called;
    await lab.client.delete(groupSnapshots, at(app), { signal });
    await lab.until(groupContents, contentAt(made), (content) => content?.metadata.deletionTimestamp !== undefined);
    await lab.client.delete(claims, at(`${app}-data`), { signal });
    await lab.settled();
    const claim = await lab.client.get(claims, at(`${app}-data`), { signal });
    expect(claim.metadata.finalizers).toContain(claimFinalizer);
    open();
    await lab.until(claims, at(`${app}-data`), (gone) => gone === undefined);
  });
});

describe("a driver that fails in the call", () => {
  test.each(["internal", "unknown", "unavailable", "timeout"] as const)(
    "(%s) after it has cut leaves the mark on, and deletion finds the cut",
    async (code) => {
      lab.driver.fail(create, code, { afterwards: true });
      const made = await lab.makeGroup(app);
      await lab.until(groupSnapshots, at(app), saying(`scripted ${code}`));
      const content = await lab.client.get(groupContents, contentAt(made), { signal });
      expect(content.metadata.annotations).toHaveProperty([groupBeingCreated]);
      expect(lab.driver.world.groups.size).toBe(1);
    },
  );

  test("makes the group ready when it works again, with the cut it had made", async () => {
    lab.driver.fail(create, "internal", { afterwards: true, times: 2 });
    await lab.makeGroup(app);
    await passing(() => lab.until(groupSnapshots, at(app), isReady));
    expect(lab.driver.world.groups.size).toBe(1);
  });
});

describe("a driver whose answer is not what was asked for", () => {
  type Told = { readonly snapshots: readonly object[]; readonly groupSnapshotId: string };
  const altered = (change: (group: Told) => object) =>
    lab.driver.alter(create, ({ groupSnapshot }) => ({ groupSnapshot: change(groupSnapshot as Told) }));

  test.each<[string, Parameters<typeof altered>[0], string]>([
    ["drops a volume", (group) => ({ ...group, snapshots: group.snapshots.slice(1) }), "1 snapshots for 2 volumes"],
    [
      "adds one",
      (group) => ({ ...group, snapshots: [...group.snapshots, { snapshotId: "x", sourceVolumeId: "other" }] }),
      'volume "other"',
    ],
    [
      "answers twice for one",
      (group) => ({ ...group, snapshots: [...group.snapshots, group.snapshots[0]] }),
      "more than one snapshot",
    ],
    ["gives no handle", (group) => ({ ...group, groupSnapshotId: "" }), "without a handle"],
  ])("and %s makes no group ready; the group says why, and goes without a trace", async (_what, change, text) => {
    altered(change);
    await lab.makeGroup(app);
    const group = await lab.until(groupSnapshots, at(app), saying(text));
    expect(group?.status?.readyToUse).toBe(false);
    expect((await lab.leftovers()).filter((name) => name.startsWith("VolumeSnapshot "))).toEqual([]);
  });
});
