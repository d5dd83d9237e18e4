import { createHash } from "node:crypto";
import type { Snapshot, Volume } from "../../csi/gen/csi_pb.js";
import type { VolumeIo } from "../../verify/volume.ts";
import { type Check, forGroups, type Verdict } from "../check.ts";
import { aGroup, type Group, readyCut } from "../groups.ts";
import type { Lab } from "../lab.ts";
import { isForbidden, useVolume, writtenBytes } from "../uses.ts";
import { createVolume } from "../volumes.ts";

export const restoring: readonly Check[] = [
  {
    name: "restore/volumes",
    claim: "each member of a group that is ready to use becomes a volume, as large as the snapshot at least",
    spec: "CreateVolumeGroupSnapshot, CreateVolume volume_content_source",
    needs: forGroups,
    async run(lab) {
      const { snapshots } = await readyCut(lab, await aGroup(lab));
      const violations: string[] = [];
      for (const snapshot of snapshots) {
        const { capacityBytes, volumeId } = await createVolume(lab, snapshot);
        if (capacityBytes > 0n && capacityBytes < snapshot.sizeBytes)
          violations.push(`volume ${volumeId} has ${capacityBytes} bytes, its snapshot ${snapshot.sizeBytes}`);
      }
      return { violations };
    },
  },
  {
    name: "restore/data",
    claim: "a volume from a member holds what its source held when the group was cut, not what was written later",
    spec: "CreateVolumeGroupSnapshot, CreateVolume volume_content_source",
    needs: [...forGroups, "node"],
    run: (lab) =>
      restoredData(lab).catch((error: unknown) => {
        if (isForbidden(error)) return { cannotTell: `${error.message}: run it as root` };
        throw error;
      }),
  },
];

const patternBytes = 64 << 10;
/** Far from each other. */
const offsets = [0, writtenBytes - patternBytes] as const;

async function restoredData(lab: Lab): Promise<Verdict> {
  const volumes = await lab.volumes();
  const opened: VolumeIo[] = [];
  for (const volume of volumes) opened.push(await useVolume(lab, volume, { isCopy: false }));
  for (const [i, io] of opened.entries()) await fill(io, `before ${i}`);
  const group = await readyCut(lab, await aGroup(lab));
  for (const [i, io] of opened.entries()) await fill(io, `after ${i}`);
  const violations: string[] = [];
  for (const [i, { volumeId }] of volumes.entries()) {
    const what = await restoredFrom(lab, memberOf(group, volumeId), i);
    if (what !== undefined) violations.push(`the copy of volume ${volumeId} ${what}`);
  }
  return { violations };
}

const memberOf = (group: Group, volumeId: string) =>
  group.snapshots.find(({ sourceVolumeId }) => sourceVolumeId === volumeId);

/** What is wrong with what a copy holds, or undefined. */
async function restoredFrom(lab: Lab, snapshot: Snapshot | undefined, index: number): Promise<string | undefined> {
  if (!snapshot) return "cannot be made: the group has no snapshot of it";
  const copy: Volume = await createVolume(lab, snapshot);
  const io = await useVolume(lab, copy, { isCopy: true });
  if (await holds(io, `before ${index}`)) return undefined;
  if (await holds(io, `after ${index}`)) return "holds what was written after the group was answered";
  return "does not hold what was written before the group was asked for";
}

async function fill(io: VolumeIo, seed: string): Promise<void> {
  for (const offset of offsets) await io.write(offset, pattern(`${seed} at ${offset}`));
  await io.flush();
}

async function holds(io: VolumeIo, seed: string): Promise<boolean> {
  for (const offset of offsets)
    if (!pattern(`${seed} at ${offset}`).equals(await io.read(offset, patternBytes))) return false;
  return true;
}

/** Bytes that differ from seed to seed. */
function pattern(seed: string): Buffer {
  const block = createHash("sha256").update(seed).digest();
  return Buffer.alloc(patternBytes, block);
}
