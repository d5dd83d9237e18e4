import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { groupSnapshots } from "../../../src/api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../../src/api/group-snapshot/types.ts";
import { snapshots } from "../../../src/api/snapshot/resources.ts";
import type { Answer } from "../../../src/testing/scripted-driver/script.ts";
import {
  askForGroup,
  budgetOf,
  changesIn,
  costOf,
  createCut,
  deleteCut,
  type FailureLab,
  failureLab,
  members,
  untilGone,
  untilWhole,
  wholeLife,
} from "./lab.ts";

let lab: FailureLab;
beforeAll(async () => {
  lab = await failureLab();
  await Promise.all([lab.start("controller"), lab.start("sidecar", [`--timeout=${callLimitMs}ms`])]);
}, 120_000);
afterEach(() => {
  lab.driver.heal();
});
afterAll(() => lab.stop());

/** How long the sidecar waits for an answer. */
const callLimitMs = 2_000;
const long = { timeout: 120_000 };
const call = () => ({ signal: AbortSignal.timeout(10_000) });

interface Told {
  readonly groupSnapshotId: string;
  readonly readyToUse: boolean;
  readonly snapshots: readonly { readonly snapshotId: string; readonly sourceVolumeId: string }[];
}

/** Changes what the driver answers, in this many of its answers. */
function answers(change: (group: Told) => object, times = Number.POSITIVE_INFINITY): void {
  let left = times;
  lab.driver.alter(createCut, (answer: Answer) =>
    left-- > 0 ? { groupSnapshot: change(answer.groupSnapshot as Told) } : answer,
  );
}

const unready = ({ snapshots: own, ...group }: Told) => ({
  ...group,
  readyToUse: false,
  snapshots: own.map((one) => ({ ...one, readyToUse: false })),
});
const withoutTheFirst = (group: Told) => ({ ...group, snapshots: group.snapshots.slice(1) });

describe("a driver that does it in the end ends in one whole group, and in nothing when that is deleted, though it", () => {
  test.each<[string, () => void]>([
    ["throttles", () => lab.driver.fail(createCut, "exhausted", { times: 2 })],
    ["fails after it has cut", () => lab.driver.fail(createCut, "internal", { times: 2, afterwards: true })],
    ["refuses at first", () => lab.driver.fail(createCut, "precondition", { times: 2 })],
    ["is not ready before it was asked three times", () => answers(unready, 2)],
    [
      "calls its snapshots ready twice before the group",
      () => answers((group) => ({ ...group, readyToUse: false }), 2),
    ],
    ["drops a volume twice", () => answers(withoutTheFirst, 2)],
    [
      "says first that it made nothing",
      () => answers((group) => ({ ...group, groupSnapshotId: "", snapshots: [] }), 2),
    ],
  ])("%s", long, async (what, misbehave) => {
    misbehave();
    const cost = await costOf(lab, () => wholeLife(lab, what.replaceAll(" ", "-")));
    expect(cost).toMatchObject({ creates: 3, deletes: 1 });
    expect(cost.changes).toBeLessThanOrEqual(budgetOf(members.length) + later);
  });

  test("calls the group ready and its snapshots not: what it says of the group counts", long, async () => {
    answers((group) => ({ ...unready(group), readyToUse: true }));
    const cost = await costOf(lab, () => wholeLife(lab, "of-two-minds"));
    expect(cost).toMatchObject({ creates: 1, deletes: 1 });
    expect(cost.changes).toBeLessThanOrEqual(budgetOf(members.length));
  });

  test("takes longer than the call may, and longer again", long, async () => {
    const open = lab.driver.hold(createCut);
    await askForGroup(lab.shop, "slow");
    for (let calls = 0; calls < 2; calls++) await lab.driver.called(createCut);
    open();
    await untilWhole(lab.shop, "slow");
    expect(lab.driver.world.groups.size).toBe(1);
    await untilGone(lab.shop, "slow");
  });

  test("dies while it creates, and while it deletes", long, async () => {
    const dieIn = async (method: string, work: () => Promise<void>) => {
      const called = lab.driver.called(method);
      const open = lab.driver.hold(method);
      await work();
      await called;
      await lab.driver.restart();
      open();
    };
    const cost = await costOf(lab, async () => {
      await dieIn(createCut, () => askForGroup(lab.shop, "dying"));
      await untilWhole(lab.shop, "dying");
      await dieIn(deleteCut, () => lab.shop.remove(groupSnapshots, "dying"));
      await untilGone(lab.shop, "dying");
    });
    expect(cost).toMatchObject({ creates: 2, deletes: 2 });
  });
});

/** A group that is ready later has its list told anew: 2N+2 changes; so has one whose error comes and goes. */
const later = 2 * members.length + 2;

const saying = (text: string) => (group: GroupSnapshot) => group.status?.error?.message?.includes(text) === true;

describe("a driver that never does it leaves a group that says why, without members, and no trace once it works and the group is deleted, if it", () => {
  test.each<[string, () => void, string]>([
    ["always drops a volume", () => answers(withoutTheFirst), "1 snapshots for 2 volumes"],
    [
      "always adds a foreign volume",
      () =>
        answers(({ snapshots: own, ...group }) => ({
          ...group,
          snapshots: [...own, { ...own[0], sourceVolumeId: "foreign", snapshotId: "x" }],
        })),
      'volume "foreign"',
    ],
    [
      "always answers twice for a volume",
      () =>
        answers(({ snapshots: own, ...group }) => ({ ...group, snapshots: [...own, { ...own[0], snapshotId: "x" }] })),
      "more than one snapshot",
    ],
    [
      "always answers one snapshot for all volumes",
      () =>
        answers(({ snapshots: own, ...group }) => ({
          ...group,
          snapshots: own.map((one) => ({ ...one, snapshotId: "x" })),
        })),
      "one handle for several snapshots",
    ],
    [
      "is always out of space",
      () => lab.driver.fail(createCut, "exhausted", { message: "pool is full" }),
      "pool is full",
    ],
    [
      "always breaks after the cut",
      () => lab.driver.fail(createCut, "unknown", { message: "broken", afterwards: true }),
      "broken",
    ],
  ])("%s", long, async (what, misbehave, text) => {
    misbehave();
    const name = what.replaceAll(" ", "-");
    await askForGroup(lab.shop, name);
    const group = await lab.shop.until(groupSnapshots, name, saying(text));
    expect(group?.status?.readyToUse).toBe(false);
    expect((await lab.shop.client.list(snapshots, call())).items).toEqual([]);
    await lab.shop.remove(groupSnapshots, name);
    lab.driver.heal();
    await untilGone(lab.shop, name);
  });
});

describe("a driver is asked after 1, 2 and 4 s, without a change of the API, and the group goes when it is deleted, while it", () => {
  test.each<[string, () => void]>([
    ["refuses for good", () => lab.driver.fail(createCut, "invalid")],
    ["is never ready", () => answers(unready)],
  ])("%s", long, async (what, misbehave) => {
    misbehave();
    const name = what.replaceAll(" ", "-");
    const cost = await costOf(lab, async () => {
      const calls = fourCalls();
      await askForGroup(lab.shop, name);
      const seen = await calls;
      const gaps = seen.slice(1).map(({ atMs }, i) => Math.round((atMs - (seen[i]?.atMs ?? 0)) / 100) / 10);
      expect(gaps.map((gap, i) => gap >= 2 ** i)).toEqual([true, true, true]);
      expect(seen[3]?.changes).toBe(seen[1]?.changes);
      await untilGone(lab.shop, name);
    });
    expect(cost.creates).toBe(4);
  });
});

/** The next four creates: when they came, and how much had been changed by then. */
async function fourCalls() {
  const seen: { readonly atMs: number; readonly changes: number }[] = [];
  while (seen.length < 4) {
    await lab.driver.called(createCut);
    seen.push({ atMs: performance.now(), changes: changesIn(lab) });
  }
  return seen;
}
