import type { Csi } from "../../csi/client.ts";
import type { CsiHandlers } from "../../csi/server.ts";
import { Failure, isFailure } from "../../lib/failure.ts";
import { systemRandom } from "../../lib/random.ts";
import { call, creates, type Group, honestGroup, type Vice } from "./vice.ts";

/** The name is not the identity of a group. */
export const nameVices: readonly Vice[] = [
  {
    does: "tells a new group_snapshot_id each time",
    caughtBy: ["create/idempotent", "create/concurrent"],
    wrong: tellsNewIds,
  },
  {
    does: "tells no snapshot_id any more when it is asked again",
    caughtBy: ["create/idempotent", "create/concurrent"],
    wrong(csi) {
      const told = new Set<string>();
      return creates(async (request) => {
        const group = await honestGroup(csi, request);
        const isNew = !told.has(group.groupSnapshotId);
        told.add(group.groupSnapshotId);
        const snapshots = group.snapshots.map((snapshot) => ({ ...snapshot, snapshotId: "", sourceVolumeId: "" }));
        return isNew ? group : { ...group, snapshots };
      });
    },
  },
  {
    does: "cuts again when the volumes come in another order",
    caughtBy: ["create/idempotent"],
    wrong(csi) {
      const firstOf = firstOrders();
      return creates((request) => {
        const { name, sourceVolumeIds } = request;
        const first = firstOf(request);
        const isTurned = isSameSet(first, sourceVolumeIds) && first.join() !== sourceVolumeIds.join();
        return honestGroup(csi, { ...request, name: isTurned ? `${name}-turned` : name });
      });
    },
  },
  {
    does: "takes other volumes under the same name for another group",
    caughtBy: ["create/other-volumes"],
    wrong(csi) {
      const firstOf = firstOrders();
      return creates((request) => {
        const isOther = request.name !== "" && !isSameSet(firstOf(request), request.sourceVolumeIds);
        return honestGroup(csi, { ...request, name: isOther ? systemRandom.uuid() : request.name });
      });
    },
  },
  {
    does: "cuts twice when it is asked twice at once",
    caughtBy: ["create/concurrent"],
    wrong(csi) {
      const underWay = new Set<string>();
      return creates(async (request) => {
        const { name } = request;
        if (underWay.has(name)) return honestGroup(csi, { ...request, name: systemRandom.uuid() });
        underWay.add(name);
        return honestGroup(csi, request).finally(() => underWay.delete(name));
      });
    },
  },
  {
    does: "takes a group without a name",
    caughtBy: ["required-fields"],
    wrong: (csi) => creates((request) => honestGroup(csi, { ...request, name: request.name || systemRandom.uuid() })),
  },
  {
    does: "says INTERNAL for a name that is too long",
    caughtBy: ["create/limits"],
    wrong: (csi) =>
      creates(async (request) => {
        if (Buffer.byteLength(request.name) > 128) throw new Failure("internal", "something went wrong");
        return honestGroup(csi, request);
      }),
  },
  {
    does: "takes control characters out of names",
    caughtBy: ["create/banned-characters"],
    wrong: (csi) => creates((request) => honestGroup(csi, { ...request, name: request.name.replaceAll("\u0001", "") })),
  },
  {
    does: "takes no name of 128 bytes",
    caughtBy: ["create/longest-name"],
    wrong: (csi) =>
      creates(async (request) => {
        if (Buffer.byteLength(request.name) === 128) throw new Failure("invalid", "the name is too long");
        return honestGroup(csi, request);
      }),
  },
];

/** A create that fails is not as if it had never been. */
export const failureVices: readonly Vice[] = [
  {
    does: "says INTERNAL for a volume that does not exist",
    caughtBy: ["create/unknown-volume"],
    wrong: onUnknownVolume(async () => {
      throw new Failure("internal", "something went wrong");
    }),
  },
  {
    does: "leaves the members that it had made when one fails",
    caughtBy: ["create/leaves-nothing"],
    wrong: onUnknownVolume(async (csi, { sourceVolumeIds }, failure) => {
      for (const sourceVolumeId of sourceVolumeIds.slice(0, -1))
        await csi.controller.createSnapshot({ name: systemRandom.uuid(), sourceVolumeId }, call);
      throw failure;
    }),
  },
  {
    does: "keeps the name of a group that it could not make",
    caughtBy: ["create/after-failure"],
    wrong(csi) {
      const burnt = new Set<string>();
      return creates(async (request) => {
        if (burnt.has(request.name)) throw new Failure("exists", `${request.name} exists`);
        return honestGroup(csi, request).catch((error: unknown) => {
          if (isFailure(error, "notFound")) burnt.add(request.name);
          throw error;
        });
      });
    },
  },
];

interface Request {
  readonly name: string;
  readonly sourceVolumeIds: string[];
}

/** Tells with which volumes a name came first, and in which order. */
function firstOrders() {
  const first = new Map<string, readonly string[]>();
  return ({ name, sourceVolumeIds }: Request) => {
    const known = first.get(name) ?? sourceVolumeIds;
    first.set(name, known);
    return known;
  };
}

const isSameSet = (a: readonly string[], b: readonly string[]) => a.toSorted().join() === b.toSorted().join();

function tellsNewIds(csi: Csi): CsiHandlers {
  let times = 0;
  const renamed = (group: Group, groupSnapshotId: string): Group => ({
    ...group,
    groupSnapshotId,
    snapshots: group.snapshots.map((snapshot) => ({ ...snapshot, groupSnapshotId })),
  });
  const honestId = (id: string) => id.replace(/~\d+$/, "");
  const told = new Map<string, string>();
  const tell = (group: Group, id: string) => {
    told.set(group.groupSnapshotId, told.get(group.groupSnapshotId) ?? id);
    return renamed(group, id);
  };
  return {
    groupController: {
      async createVolumeGroupSnapshot(request) {
        const group = await honestGroup(csi, request);
        const isNew = !told.has(group.groupSnapshotId);
        return { groupSnapshot: tell(group, isNew ? group.groupSnapshotId : `${group.groupSnapshotId}~${times++}`) };
      },
      async getVolumeGroupSnapshot(request) {
        const asked = { ...request, groupSnapshotId: honestId(request.groupSnapshotId) };
        const { groupSnapshot } = await csi.groupController.getVolumeGroupSnapshot(asked, call);
        return groupSnapshot ? { groupSnapshot: renamed(groupSnapshot, request.groupSnapshotId) } : {};
      },
      deleteVolumeGroupSnapshot: (request) =>
        csi.groupController.deleteVolumeGroupSnapshot(
          { ...request, groupSnapshotId: honestId(request.groupSnapshotId) },
          call,
        ),
    },
  };
}

function onUnknownVolume(answer: (csi: Csi, request: Request, failure: Failure) => Promise<Group>) {
  return (csi: Csi) =>
    creates((request) =>
      honestGroup(csi, request).catch((error: unknown) => {
        if (isFailure(error, "notFound")) return answer(csi, request, error);
        throw error;
      }),
    );
}
