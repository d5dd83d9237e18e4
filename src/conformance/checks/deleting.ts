import { failureOf } from "../../lib/failure.ts";
import { type Check, forGroups, type Verdict } from "../check.ts";
import { aGroup, cut, deleteGroup, type Group, getGroup, handlesOf, listSnapshots } from "../groups.ts";
import { type Lab, nameOf } from "../lab.ts";
import { objectionsToMismatch, objectionsToWhole } from "../mismatch.ts";
import { objectionsToRefusal } from "../refusal.ts";

const spec = "DeleteVolumeGroupSnapshot";

export const deleting: readonly Check[] = [
  {
    name: "delete/members",
    claim: "a deleted group is NOT_FOUND, and none of its snapshots is listed any more",
    spec,
    needs: forGroups,
    async run(lab) {
      const group = await cut(lab, await aGroup(lab));
      await lab.patience.untilDone((driver) => deleteGroup(driver, group));
      const call = () => getGroup(lab, group);
      const refusal = { what: "GetVolumeGroupSnapshot of a deleted group", codes: ["notFound"] as const, call };
      return { violations: [...(await objectionsToRefusal(lab, refusal)), ...(await stillListed(lab, group))] };
    },
  },
  {
    name: "delete/only-its-own",
    claim: "deleting one group leaves another one of the same volumes as it is",
    spec,
    needs: forGroups,
    async run(lab) {
      const [group, other] = [await cut(lab, await aGroup(lab)), await cut(lab, await aGroup(lab))];
      await lab.patience.untilDone((driver) => deleteGroup(driver, group));
      return { violations: await objectionsToWhole(lab, other) };
    },
  },
  {
    name: "delete/idempotent",
    claim: "a group that was deleted can be deleted again",
    spec,
    needs: forGroups,
    async run(lab) {
      const group = await cut(lab, await aGroup(lab));
      await lab.patience.untilDone((driver) => deleteGroup(driver, group));
      return { violations: await objectionsToDeletion(lab, "a group deleted before", handlesOf(group)) };
    },
  },
  {
    name: "delete/unknown",
    claim: "a group that has never been can be deleted",
    spec,
    needs: forGroups,
    async run(lab) {
      const request = { groupSnapshotId: nameOf(lab, "no-such-group"), snapshotIds: [nameOf(lab, "no-such-snapshot")] };
      return { violations: await objectionsToDeletion(lab, "a group that has never been", request) };
    },
  },
  {
    name: "delete/mismatch",
    claim: "DeleteVolumeGroupSnapshot with the snapshot_ids of another group is refused with INVALID_ARGUMENT",
    spec: `${spec} Errors, snapshot list mismatch`,
    needs: forGroups,
    run: (lab) =>
      objectionsToMismatch(lab, spec, ({ groupController }, request) =>
        groupController.deleteVolumeGroupSnapshot(request),
      ),
  },
  {
    name: "delete/one-member",
    claim: "a snapshot that goes with its group is not deleted alone: INVALID_ARGUMENT, and the group stays whole",
    spec: "DeleteSnapshot Errors, snapshot is part of a group",
    needs: [...forGroups, "singles"],
    run: oneMember,
  },
];

async function stillListed({ offer, driver }: Lab, { snapshots }: Group): Promise<readonly string[]> {
  if (!offer.controller.has("LIST_SNAPSHOTS")) return [];
  const found = await Promise.all(snapshots.map(({ snapshotId }) => listSnapshots(driver, { snapshotId })));
  return found.flat().map(({ snapshotId }) => `snapshot ${snapshotId} of a deleted group is still listed`);
}

async function objectionsToDeletion(
  { patience, signal }: Lab,
  what: string,
  request: ReturnType<typeof handlesOf>,
): Promise<readonly string[]> {
  try {
    await patience.untilDone(({ groupController }) => groupController.deleteVolumeGroupSnapshot(request));
    return [];
  } catch (error) {
    if (signal.aborted) throw error;
    return [`${what} was not answered with OK: ${failureOf(error).message}`];
  }
}

async function oneMember(lab: Lab): Promise<Verdict> {
  const group = await cut(lab, await aGroup(lab));
  const [member] = group.snapshots;
  if (!member?.groupSnapshotId)
    return { cannotTell: "the members have no group_snapshot_id, so each may be deleted alone" };
  const { snapshotId } = member;
  const failure = await lab.patience
    .untilDone(({ controller }) => controller.deleteSnapshot({ snapshotId }))
    .then(() => undefined, failureOf);
  if (failure === undefined)
    return { cannotTell: "the driver deletes a member alone, which the specification leaves open" };
  const wrongCode =
    failure.code === "invalid"
      ? []
      : [`deleting a member alone was not refused with INVALID_ARGUMENT: ${failure.message}`];
  return { violations: [...wrongCode, ...(await objectionsToWhole(lab, group))] };
}
