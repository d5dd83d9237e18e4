import { afterAll, beforeAll, expect, test } from "vitest";
import { groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { classes, snapshots } from "../../src/api/snapshot/resources.ts";
import { events } from "../../src/testing/said-events.ts";
import { type SnapshotLab, snapshotLab } from "../../src/testing/snapshot-lab.ts";

/** A driver that can do neither groups nor snapshots, between the two processes. */
let lab: SnapshotLab;
beforeAll(async () => {
  const without = ["CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT", "CREATE_DELETE_SNAPSHOT"] as const;
  lab = await snapshotLab({ driver: { without } });
  await Promise.all([lab.start("controller"), lab.start("sidecar"), lab.makeClaims("db", ["data", "wal"])]);
});
afterAll(() => lab.stop());

const call = () => ({ signal: AbortSignal.timeout(10_000) });

async function warningsAbout(kind: string): Promise<readonly string[]> {
  await lab.settled();
  const { items } = await lab.client.list(events, call());
  return items
    .filter((event) => event.type === "Warning" && event.involvedObject.kind === kind)
    .map(({ message }) => message.toLowerCase()); // an event begins with a capital, a status may not
}

test("a driver without group snapshots is named on the group, with the capability and what to do instead", async () => {
  await lab.makeGroup("db");
  const group = await lab.until(
    groupSnapshots,
    { namespace: "shop", name: "db" },
    (seen) => seen?.status?.error?.message !== undefined,
  );
  const said = group?.status?.error?.message ?? "";
  expect(said).toContain(lab.driver.name);
  expect(said).toMatch(/CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT\); use a driver that can/);
  expect(await warningsAbout("VolumeGroupSnapshot")).toContain(said.toLowerCase());
  expect(lab.driver.count("CreateVolumeGroupSnapshot")).toBe(0);
});

test("a driver without snapshots is named on the snapshot, with the capability and what to do instead", async () => {
  const driver = { driver: lab.driver.name, deletionPolicy: "Delete" } as const;
  const head = { apiVersion: "snapshot.storage.k8s.io/v1" };
  await lab.client.create(
    classes,
    { ...head, kind: "VolumeSnapshotClass", metadata: { name: "plain" }, ...driver },
    call(),
  );
  const spec = { volumeSnapshotClassName: "plain", source: { persistentVolumeClaimName: "data" } };
  const metadata = { namespace: "shop", name: "single" };
  await lab.client.create(snapshots, { ...head, kind: "VolumeSnapshot", metadata, spec }, call());
  const snapshot = await lab.until(snapshots, metadata, (seen) => seen?.status?.error?.message !== undefined);
  const said = snapshot?.status?.error?.message ?? "";
  expect(said).toContain(lab.driver.name);
  expect(said).toMatch(/CREATE_DELETE_SNAPSHOT; use a driver that does/);
  expect(await warningsAbout("VolumeSnapshot")).toContain(said.toLowerCase());
  expect(lab.driver.count("CreateSnapshot")).toBe(0);
});
