import { judge, type Verdict } from "../../verify/judge.ts";
import type { VolumeIo } from "../../verify/volume.ts";
import type { Writers } from "../../verify/writers.ts";
import { type Lab, within } from "../lab.ts";
import { type Usable, useVolume } from "../uses.ts";
import { createVolume, type Restorable } from "../volumes.ts";

/** Programs that write over the volumes without rest. */
export interface Load {
  readonly volumes: readonly Usable[];
  readonly writers: Writers;
  readonly runId: string;
}

/** Cuts, restores every volume, judges the copies, and takes all of it away again. */
export function runRound(
  lab: Lab,
  { volumes, writers, runId }: Load,
  cut: (inner: Lab) => Promise<readonly (Restorable & { readonly sourceVolumeId: string })[]>,
): Promise<Verdict> {
  return within(lab, async (inner) => {
    const before = writers.progress();
    const snapshots = await cut(inner);
    const after = writers.progress();
    const copies: VolumeIo[] = [];
    for (const { volumeId } of volumes) {
      const snapshot = snapshots.find(({ sourceVolumeId }) => sourceVolumeId === volumeId);
      if (!snapshot) return { records: 0, violations: [`the group has no snapshot of volume ${volumeId}`] };
      copies.push(await useVolume(inner, await createVolume(inner, snapshot), { isCopy: true }));
    }
    return judge({ volumes: copies, runId, before, after });
  });
}
