import { afterAll, beforeAll, expect, test } from "vitest";
import { groupSnapshots } from "../../api/group-snapshot/resources.ts";
import { snapshots } from "../../api/snapshot/resources.ts";
import type { KubeObject, Resource } from "../../kube/object.ts";
import { type SnapshotLab, snapshotLab } from "../../testing/snapshot-lab.ts";

let lab: SnapshotLab;
beforeAll(async () => {
  lab = await snapshotLab();
  await lab.makeClaims("same", ["same-data", "same-wal"]);
});
afterAll(() => lab.stop());

const { signal } = new AbortController();
const same = { namespace: "shop", name: "same" };
const both: readonly Resource<KubeObject & { readonly status?: { readonly readyToUse?: boolean } }>[] = [
  groupSnapshots,
  snapshots,
];
const startBoth = () => Promise.all([lab.start("controller"), lab.start("sidecar")]);

test("a group and a single snapshot of one name are each carried on by processes that start anew, who change nothing of what is done", async () => {
  await lab.makeGroup("same");
  await lab.makeSnapshot("same", "same-data");
  const first = await startBoth();
  for (const kind of both) await lab.until(kind, same, (one) => one?.status?.readyToUse === true);
  await lab.settled();
  for (const process of first) await process.stop();
  lab.forgetRequests();
  const second = await startBoth();
  await lab.settled();
  expect(lab.requests.filter(({ method }) => method !== "GET")).toEqual([]);
  for (const process of second) await process.stop();
  for (const kind of both) await lab.client.delete(kind, same, { signal });
  await startBoth();
  for (const kind of both) await lab.until(kind, same, (one) => one === undefined);
  expect(await lab.leftovers()).toEqual([]);
  expect(lab.driver.world.groups.size + lab.driver.world.snapshots.size).toBe(0);
});
