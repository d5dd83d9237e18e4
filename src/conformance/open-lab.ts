import type { Snapshot, Volume } from "../csi/gen/csi_pb.js";
import { Failure } from "../lib/failure.ts";
import { driverOf } from "./driver.ts";
import { listSnapshots } from "./groups.ts";
import type { Lab } from "./lab.ts";
import { made } from "./made.ts";
import type { Offer } from "./offer.ts";
import { type Patience, patience } from "./patience.ts";
import type { RunOptions } from "./run-options.ts";
import { createVolume } from "./volumes.ts";

/** The lab of a whole run. `close` takes away what is there of it, and tells what it could not. */
export function openLab(options: RunOptions, offer: Offer): { readonly lab: Lab; close(): Promise<readonly string[]> } {
  const { settings, clock, random, signal, cleaningSignal } = options;
  const callsUntil = (end: AbortSignal) =>
    driverOf(options.csi, { call: { signal: end, timeoutMs: options.callTimeoutMs }, secrets: options.secrets });
  const patient = { clock, random, limitMs: settings.readyTimeoutMs };
  const driver = callsUntil(signal);
  const cleaner = patience({ ...patient, driver: callsUntil(cleaningSignal), signal: cleaningSignal });
  const left: string[] = [];
  let volumes: Promise<readonly Volume[]> | undefined;
  const lab: Lab = {
    settings,
    offer,
    driver,
    patience: patience({ ...patient, driver, signal }),
    made: made(),
    clock,
    random,
    signal,
    volumes: () => {
      volumes ??= makeVolumes(lab);
      return volumes;
    },
    left: (what) => void left.push(...what),
    cleaner,
    cleaningSignal,
  };
  return { lab, close: async () => [...left, ...(await lab.made.undo(cleaner))] };
}

async function makeVolumes(lab: Lab): Promise<readonly Volume[]> {
  const volumes: Volume[] = [];
  for (let i = 0; i < lab.settings.volumes; i++) volumes.push(await createVolume(lab));
  if (lab.offer.controller.has("LIST_SNAPSHOTS"))
    lab.made.note("snapshots that are still listed for the run's volumes", (later) => sweep(later, volumes));
  return volumes;
}

/** The volumes are ours alone, so that every snapshot of them is, whatever the driver made of a call. */
async function sweep(later: Patience, volumes: readonly Volume[]): Promise<void> {
  let before: readonly string[] = [];
  for (;;) {
    const found = await listed(later, volumes);
    if (found.length === 0) return;
    const ids = found.map(({ snapshotId }) => snapshotId);
    if (ids.every((id) => before.includes(id)))
      throw new Failure("internal", `deleting them was answered with OK: ${ids.join(", ")}`);
    before = ids;
    await deleteAll(later, found);
  }
}

async function listed(later: Patience, volumes: readonly Volume[]): Promise<readonly Snapshot[]> {
  const found: Snapshot[] = [];
  for (const { volumeId } of volumes)
    found.push(...(await later.untilDone((driver) => listSnapshots(driver, { sourceVolumeId: volumeId }))));
  return found;
}

async function deleteAll(later: Patience, snapshots: readonly Snapshot[]): Promise<void> {
  for (const [groupSnapshotId, members] of byGroup(snapshots)) {
    const snapshotIds = members.map(({ snapshotId }) => snapshotId);
    await later.untilDone(async ({ controller, groupController }) => {
      if (groupSnapshotId !== "") return groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds });
      return Promise.all(snapshotIds.map((snapshotId) => controller.deleteSnapshot({ snapshotId })));
    });
  }
}

function byGroup(snapshots: readonly Snapshot[]): ReadonlyMap<string, readonly Snapshot[]> {
  const groups = new Map<string, Snapshot[]>();
  for (const snapshot of snapshots)
    groups.set(snapshot.groupSnapshotId, [...(groups.get(snapshot.groupSnapshotId) ?? []), snapshot]);
  return groups;
}
