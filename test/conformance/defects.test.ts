import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { groupSnapshotCrds } from "../../src/api/group-snapshot/crds.ts";
import { groupClasses, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { snapshots } from "../../src/api/snapshot/resources.ts";
import { claims } from "../../src/kube/core/claim.ts";
import { definitions } from "../../src/kube/core/definition.ts";
import { aGroupClass } from "../../src/testing/group-builders.ts";
import { playOn } from "../../src/testing/lab-api.ts";
import { type SnapshotLab, snapshotLab, strip } from "../../src/testing/snapshot-lab.ts";
import { type LabServer, labServer } from "./lab/server.ts";

// What upstream gets wrong where definitions come and go. The rest of docs/reference/upstream-defects.md that needs a real
// API server is in group-life.test.ts and conversion.test.ts.

let server: LabServer | undefined;
let lab: SnapshotLab | undefined;
beforeAll(async () => {
  const made = await labServer();
  server = made;
  playOn(made.clean);
  lab = await snapshotLab();
}, 120_000);
afterAll(async () => {
  playOn();
  await lab?.stop();
  await server?.stop();
});

const signal = AbortSignal.timeout(120_000);
const at = (name: string) => ({ namespace: "shop", name });
const isReady = (object: { readonly status?: { readonly readyToUse?: boolean } } | undefined) =>
  object?.status?.readyToUse === true;
const patience = { timeout: 30_000, interval: 200 };
const isGone = (object: unknown) => object === undefined;

/** kube-apiserver may overlook a finalizer that is put on in the moment of the deletion: the group is gone at once then. */
test("groups that are deleted while they are being bound leave nothing, whatever the moment", async () => {
  const { client, driver, ...the } = lab as SnapshotLab; // made before
  const processes = await Promise.all([the.start("controller"), the.start("sidecar")]);
  await the.makeClaims("hasty", ["hasty-data"]);
  for (let i = 0; i < 20; i++) {
    const name = `hasty-${i}`;
    await the.makeGroup("hasty", name);
    for (let reads = 0; reads < i % 5; reads++) await client.get(groupSnapshots, at(name), { signal }); // a little later
    await client.delete(groupSnapshots, at(name), { signal });
  }
  await vi.waitFor(async () => expect(await the.leftovers()).toEqual([]), patience);
  expect(driver.world.groups.size + driver.world.snapshots.size).toBe(0);
  const claim = await the.until(claims, at("hasty-data"), (one) => !one?.metadata.finalizers?.length);
  expect(claim).toBeDefined();
  for (const process of processes) await process.stop();
});

test("without the groups' definitions single snapshots go on, and when they come back groups do, with no restart", async () => {
  const { client, driver, ...the } = lab as SnapshotLab; // made before
  const startBoth = () => Promise.all([the.start("controller"), the.start("sidecar")]);
  const first = await startBoth();
  await the.makeClaims("before", ["before-data"]);
  await the.makeGroup("before");
  await the.until(groupSnapshots, at("before"), isReady);
  for (const { metadata } of groupSnapshotCrds) await client.delete(definitions, metadata, { signal });
  for (const { metadata } of groupSnapshotCrds) await the.until(definitions, metadata, isGone);
  expect(driver.world.groups.size).toBe(0); // they took their objects along, and those what was on the storage

  await the.makeSnapshot("meanwhile", "before-data");
  await the.until(snapshots, at("meanwhile"), isReady);
  for (const process of first) await process.stop();
  await startBoth();
  await client.delete(snapshots, at("meanwhile"), { signal });
  await the.until(snapshots, at("meanwhile"), isGone);
  expect(driver.world.snapshots.size).toBe(0);

  await server?.install();
  // Right after a definition has changed, kube-apiserver refuses its kind for a moment.
  await vi.waitFor(() => client.create(groupClasses, strip(aGroupClass()), { signal }), patience);
  await the.makeClaims("after", ["after-data"]);
  await vi.waitFor(() => the.makeGroup("after"), patience);
  await the.until(groupSnapshots, at("after"), isReady);
  await client.delete(groupSnapshots, at("after"), { signal });
  await the.until(groupSnapshots, at("after"), isGone);
  expect(await the.leftovers()).toEqual([]);
}, 180_000);
