import { type Check, forGroups } from "../check.ts";
import { aGroup, cut, deleteGroup, getGroup, handlesOf } from "../groups.ts";
import type { Lab } from "../lab.ts";
import { nameOf } from "../lab.ts";
import { objectionsToRefusal } from "../refusal.ts";

/** CSI spec "Size Limits". */
const nameLimitBytes = 128;

/** Fields that lack something, and fields that have too much. */
export const refusing: readonly Check[] = [
  {
    name: "required-fields",
    claim: "a group call without a field that it requires is refused with INVALID_ARGUMENT",
    spec: "REQUIRED vs. OPTIONAL, Error Scheme",
    needs: forGroups,
    async run(lab) {
      const { name, volumeIds } = await aGroup(lab);
      const { driver, patience } = lab;
      const { snapshots } = await cut(lab, { name, volumeIds });
      const noId = { groupSnapshotId: "", snapshotIds: snapshots.map(({ snapshotId }) => snapshotId) };
      const calls = {
        "CreateVolumeGroupSnapshot without name": () => cut(lab, { name: "", volumeIds }),
        "CreateVolumeGroupSnapshot without source_volume_ids": () =>
          cut(lab, { name: nameOf(lab, "group"), volumeIds: [] }),
        "GetVolumeGroupSnapshot without group_snapshot_id": () =>
          patience.untilDone(() => driver.groupController.getVolumeGroupSnapshot(noId)),
        "DeleteVolumeGroupSnapshot without group_snapshot_id": () =>
          patience.untilDone(() => driver.groupController.deleteVolumeGroupSnapshot(noId)),
      };
      return { violations: await refusalsOf(lab, calls) };
    },
  },
  {
    name: "create/limits",
    claim: "a name over 128 bytes, or with a control character, is refused with INVALID_ARGUMENT",
    spec: "Size Limits, CreateVolumeGroupSnapshotRequest name",
    needs: forGroups,
    async run(lab) {
      const { volumeIds } = await aGroup(lab);
      const calls = {
        [`a name of ${nameLimitBytes + 1} bytes`]: () =>
          cut(lab, { name: padded(nameOf(lab, "group"), nameLimitBytes + 1), volumeIds }),
        "a name of 4000 bytes": () => cut(lab, { name: padded(nameOf(lab, "group"), 4000), volumeIds }),
        "a name with U+0001": () => cut(lab, { name: `${nameOf(lab, "group")}\u0001`, volumeIds }),
      };
      return { violations: await refusalsOf(lab, calls) };
    },
  },
  {
    name: "create/longest-name",
    claim: "a name of 128 bytes, with characters of all sorts, is as good as any",
    spec: "Size Limits, CreateVolumeGroupSnapshotRequest name",
    needs: forGroups,
    async run(lab) {
      const name = padded(`${nameOf(lab, "group")} ä/\\"'\t`, nameLimitBytes);
      const asked = await aGroup(lab, { name });
      const group = await cut(lab, asked);
      await getGroup(lab, group);
      await lab.patience.untilDone((driver) => deleteGroup(driver, group));
      const { groupSnapshotId, snapshotIds } = handlesOf(group);
      const longIds = [groupSnapshotId, ...snapshotIds].filter((id) => Buffer.byteLength(id) > nameLimitBytes);
      return { violations: longIds.map((id) => `the id ${id} has more than ${nameLimitBytes} bytes`) };
    },
  },
];

/** Refused with INVALID_ARGUMENT, each of them. */
async function refusalsOf(
  lab: Lab,
  calls: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<readonly string[]> {
  const violations: string[] = [];
  for (const [what, call] of Object.entries(calls))
    violations.push(...(await objectionsToRefusal(lab, { what, codes: ["invalid"], call })));
  return violations;
}

const padded = (name: string, bytes: number) => name + "x".repeat(bytes - Buffer.byteLength(name));
