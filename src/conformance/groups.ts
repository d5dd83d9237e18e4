import type { Snapshot, VolumeGroupSnapshot } from "../csi/gen/csi_pb.js";
import { Failure } from "../lib/failure.ts";
import type { Driver } from "./driver.ts";
import { type Lab, nameOf } from "./lab.ts";

export type Group = VolumeGroupSnapshot;

export interface Asked {
  readonly name: string;
  readonly volumeIds: readonly string[];
}

/** What a check asks for unless it wants something special: all volumes of the run, under a new name. */
export async function aGroup(lab: Lab, special: Partial<Asked> = {}): Promise<Asked> {
  const volumeIds = special.volumeIds ?? (await lab.volumes()).map(({ volumeId }) => volumeId);
  return { name: special.name ?? nameOf(lab, "group"), volumeIds };
}

/** Makes a group snapshot, or asks for it again, ready to use or not. */
export async function cut(lab: Lab, asked: Asked): Promise<Group> {
  return lab.made.make(
    {
      what: `group snapshot ${asked.name}`,
      create: (driver) => createGroup(driver, asked, lab.settings.groupParameters),
      idOf: ({ groupSnapshotId }) => groupSnapshotId,
      remove: (driver, group) => deleteGroup(driver, group),
    },
    lab.patience,
  );
}

/** Makes a group snapshot and waits until it is ready to use. @throws Failure "timeout" */
export async function readyCut(lab: Lab, asked: Asked): Promise<Group> {
  return untilReady(lab, asked, await cut(lab, asked));
}

/** Asks for the group again until it is ready to use. @throws Failure "timeout" */
export async function untilReady(lab: Lab, asked: Asked, first: Group): Promise<Group> {
  if (first.readyToUse) return first;
  return lab.patience.until(`group snapshot ${asked.name} ready to use`, async (driver) => {
    const again = await createGroup(driver, asked, lab.settings.groupParameters);
    return again.readyToUse ? again : undefined;
  });
}

export async function createGroup(
  driver: Driver,
  { name, volumeIds }: Asked,
  parameters: Readonly<Record<string, string>>,
): Promise<Group> {
  const request = { name, sourceVolumeIds: [...volumeIds], parameters };
  const { groupSnapshot } = await driver.groupController.createVolumeGroupSnapshot(request);
  return present(groupSnapshot, "CreateVolumeGroupSnapshot");
}

export async function getGroup({ patience }: Lab, group: Group): Promise<Group> {
  const { groupSnapshot } = await patience.untilDone(({ groupController }) =>
    groupController.getVolumeGroupSnapshot(handlesOf(group)),
  );
  return present(groupSnapshot, "GetVolumeGroupSnapshot");
}

export async function deleteGroup(driver: Driver, group: Group): Promise<void> {
  await driver.groupController.deleteVolumeGroupSnapshot(handlesOf(group));
}

/** What a group is called by. An empty handle, which is for checks to object to, calls nothing. */
export const handlesOf = ({ groupSnapshotId, snapshots }: Group) => ({
  groupSnapshotId,
  snapshotIds: snapshots.map(({ snapshotId }) => snapshotId).filter((id) => id !== ""),
});

function present(group: Group | undefined, call: string): Group {
  if (group) return group;
  throw new Failure("internal", `${call} was answered without group_snapshot`);
}

/** More snapshots than one volume of ours ever has. */
const pagesLimit = 1_000;

interface Filter {
  readonly sourceVolumeId?: string;
  readonly snapshotId?: string;
  /** Of one page. */
  readonly maxEntries?: number;
}

/** All pages of ListSnapshots. @throws Failure "tooLarge" when they do not end, or one is longer than asked for */
export async function listSnapshots(driver: Driver, filter: Filter): Promise<readonly Snapshot[]> {
  const { maxEntries = 0 } = filter;
  const found: Snapshot[] = [];
  let startingToken = "";
  for (let page = 0; page < pagesLimit; page++) {
    const { entries, nextToken } = await driver.controller.listSnapshots({ ...filter, startingToken });
    if (maxEntries > 0 && entries.length > maxEntries)
      throw new Failure(
        "tooLarge",
        `a page of ListSnapshots has ${entries.length} entries, max_entries is ${maxEntries}`,
      );
    found.push(...entries.flatMap(({ snapshot }) => snapshot ?? []));
    if (nextToken === "") return found;
    startingToken = nextToken;
  }
  throw new Failure("tooLarge", `ListSnapshots of ${JSON.stringify(filter)} does not end after ${pagesLimit} pages`);
}

/** Ids of all snapshots that the driver lists for the volumes. */
export async function listedOf(driver: Driver, volumeIds: readonly string[]): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const sourceVolumeId of volumeIds)
    for (const { snapshotId } of await listSnapshots(driver, { sourceVolumeId })) ids.add(snapshotId);
  return ids;
}
