import { type Check, forGroups, type Verdict } from "../check.ts";
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
    claim: "a name over 128 bytes, if it is refused, is refused with INVALID_ARGUMENT",
    spec: "Size Limits, Error Scheme",
    needs: forGroups,
    run: tooLongNames,
  },
  {
    name: "create/banned-characters",
    claim: "a name with a control character is refused with INVALID_ARGUMENT",
    spec: "CreateVolumeGroupSnapshotRequest name, Error Scheme",
    needs: forGroups,
    async run(lab) {
      const { volumeIds } = await aGroup(lab);
      const name = `${nameOf(lab, "group")}\u0001`;
      return { violations: await refusalsOf(lab, { "a name with U+0001": () => cut(lab, { name, volumeIds }) }) };
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

/** Callers are not to send them; that a driver takes no harm from one is no breach. */
async function tooLongNames(lab: Lab): Promise<Verdict> {
  const { volumeIds } = await aGroup(lab);
  const violations: string[] = [];
  const taken: string[] = [];
  for (const bytes of [nameLimitBytes + 1, 4000]) {
    const what = `a name of ${bytes} bytes`;
    const call = () => cut(lab, { name: padded(nameOf(lab, "group"), bytes), volumeIds });
    const refusal = { what, codes: ["invalid"] as const, call, onTaken: () => void taken.push(what) };
    violations.push(...(await objectionsToRefusal(lab, refusal)));
  }
  if (violations.length > 0 || taken.length === 0) return { violations };
  return {
    cannotTell: `taken: ${taken.join(", ")}; the specification tells callers to keep to ${nameLimitBytes}, not drivers to refuse more`,
  };
}

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
