import { call, type TestDriver } from "../driver/testing.ts";
import { systemClock } from "../lib/clock.ts";
import { Failure, isFailure } from "../lib/failure.ts";
import { systemRandom } from "../lib/random.ts";

/** A snapshot that a test took of one volume. */
export interface CutSnapshot {
  readonly sourceVolumeId: string;
  readonly snapshotId: string;
  readonly sizeBytes: bigint;
  /** Deletes it on the storage; for a member of a group, the group with it. */
  readonly remove: () => Promise<unknown>;
}

/** A driver may say "ask again" while it copies; it has this long. */
const cutLimitMs = 60_000;
/** On a busy machine a hold of filesystems may be lost. Its cut is dropped then, and the next one may keep its hold. */
const dropLimit = 5;

/** Cuts volumes by one group snapshot. */
export async function cutAsGroup(
  { csi }: TestDriver,
  ids: readonly string[],
  parameters: Readonly<Record<string, string>> = {},
): Promise<readonly CutSnapshot[]> {
  const asked = {
    name: `groupsnapshot-${systemRandom.uuid()}`,
    sourceVolumeIds: [...ids],
    parameters: { ...parameters },
  };
  const { groupSnapshot } = await untilDone(() => csi.groupController.createVolumeGroupSnapshot(asked, call));
  const { groupSnapshotId = "", snapshots = [], readyToUse } = groupSnapshot ?? {};
  if (!readyToUse) throw new Failure("internal", `group ${asked.name} was answered but is not ready`);
  const snapshotIds = snapshots.map(({ snapshotId }) => snapshotId);
  const remove = () => csi.groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds }, call);
  return snapshots.map((snapshot) => ({ ...snapshot, remove }));
}

/** The control: a snapshot of each volume, one after the other, and what is to happen in between. */
export async function cutInTurn(
  { csi }: TestDriver,
  ids: readonly string[],
  between: () => Promise<void> = async () => undefined,
): Promise<readonly CutSnapshot[]> {
  const snapshots: CutSnapshot[] = [];
  for (const sourceVolumeId of ids) {
    if (snapshots.length > 0) await between();
    const asked = { name: `snapshot-${systemRandom.uuid()}`, sourceVolumeId };
    const { snapshot } = await untilDone(() => csi.controller.createSnapshot(asked, call));
    const { snapshotId = "", sizeBytes = 0n } = snapshot ?? {};
    const remove = () => csi.controller.deleteSnapshot({ snapshotId }, call);
    snapshots.push({ sourceVolumeId, snapshotId, sizeBytes, remove });
  }
  return snapshots;
}

/** Handle of the snapshot of a volume. @throws Failure if it has none */
export function snapshotOf(volumeId: string, snapshots: readonly CutSnapshot[]): string {
  const found = snapshots.find(({ sourceVolumeId }) => sourceVolumeId === volumeId);
  if (!found) throw new Failure("internal", "the driver left a volume out of the cut");
  return found.snapshotId;
}

/** Deletes the snapshots of a cut, each group once. */
export async function removeCut(snapshots: readonly CutSnapshot[]): Promise<void> {
  for (const remove of new Set(snapshots.map((snapshot) => snapshot.remove))) await remove();
}

async function untilDone<T>(create: () => Promise<T>): Promise<T> {
  const limit = AbortSignal.timeout(cutLimitMs);
  for (let dropped = 0; ; ) {
    try {
      return await create();
    } catch (error) {
      const isDropped = isFailure(error, "timeout") && ++dropped < dropLimit;
      if (!isDropped && !isFailure(error, "busy")) throw error;
    }
    await systemClock.sleep(1, limit);
  }
}
