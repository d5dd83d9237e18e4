import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { groupSnapshots } from "../../api/group-snapshot/resources.ts";
import { snapshots } from "../../api/snapshot/resources.ts";
import { claims } from "../../kube/core/claim.ts";
import { type SnapshotLab, snapshotLab } from "../../testing/snapshot-lab.ts";

let lab: SnapshotLab;
beforeAll(async () => {
  lab = await snapshotLab({ driver: { consistency: "crash" } });
  await Promise.all([lab.start("controller"), lab.start("sidecar")]);
});
afterAll(() => lab.stop());

const { signal } = new AbortController();
const isReady = (group: { readonly status?: { readonly readyToUse?: boolean } } | undefined) =>
  group?.status?.readyToUse === true;
const at = (name: string) => ({ namespace: "shop", name });
const membersOf = async (uid: string) =>
  (await lab.client.list(snapshots, { namespace: "shop", signal })).items.filter((one) =>
    one.metadata.ownerReferences?.some((owner) => owner.uid === uid),
  );

describe("a group of a driver that is ready at its first answer", () => {
  test.each([1, 10, 100])(
    "of %i members takes 4N+8 writes and no read to be ready, and 4N+6 requests to be gone",
    { timeout: 60_000 },
    async (n) => {
      const app = `app-${n}`;
      const names = Array.from({ length: n }, (_, i) => `${app}-${i}`);
      await lab.makeClaims(app, names);
      lab.forgetRequests();
      const calls = lab.driver.calls.length;
      const { metadata } = await lab.makeGroup(app);
      await lab.until(groupSnapshots, at(app), isReady);
      for (const name of names) await lab.until(claims, at(name), (claim) => !claim?.metadata.finalizers?.length);
      await lab.settled();
      const kinds = tally(lab.requests);
      expect(kinds.reads).toEqual([]);
      expect(kinds.events).toBeLessThanOrEqual(5);
      expect(kinds.claims).toBeLessThanOrEqual(2 * n);
      expect(kinds.writes).toBeLessThanOrEqual(4 * n + 8);
      expect(lab.driver.calls.slice(calls).map(({ method }) => method)).toEqual(["CreateVolumeGroupSnapshot"]);
      const members = await membersOf(metadata.uid);
      expect(members.map(({ status }) => status?.readyToUse)).toEqual(Array.from({ length: n }, () => true));

      lab.forgetRequests();
      await lab.client.delete(groupSnapshots, at(app), { signal });
      await lab.until(groupSnapshots, at(app), (group) => group === undefined);
      await lab.settled();
      expect(await lab.leftovers()).toEqual([]);
      expect(lab.driver.world.groups.size + lab.driver.world.snapshots.size).toBe(0);
      expect(overBudget(lab.requests, 4 * n + 5)).toEqual([]); // the deletion itself is one more
    },
  );
});

function tally(requests: SnapshotLab["requests"]) {
  const about = (plural: string) => requests.filter(({ path }) => path.includes(`/${plural}`));
  const isWrite = ({ method }: { readonly method: string }) => method !== "GET";
  const events = about("events").length;
  const ofClaims = about("persistentvolumeclaims").filter(isWrite).length;
  return {
    reads: requests.filter((request) => !isWrite(request)).map(({ path }) => path),
    events,
    claims: ofClaims,
    writes: requests.filter(isWrite).length - events - ofClaims,
  };
}

/** Nothing when there are at most so many requests; else how many there were of each sort. */
function overBudget(requests: SnapshotLab["requests"], budget: number): readonly string[] {
  if (requests.length <= budget) return [];
  const sorts = requests.map(
    ({ process, method, path }) => `${process} ${method} ${path.split("/").findLast((part) => /^[a-z]+s$/.test(part))}`,
  );
  return [...new Set(sorts)].map((sort) => `${sorts.filter((one) => one === sort).length} ${sort}`);
}
