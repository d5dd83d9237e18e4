import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Csi } from "../../csi/client.ts";
import { type CreateVolumeRequest, VolumeContentSourceSchema } from "../../csi/gen/csi_pb.js";
import type { CsiHandlers } from "../../csi/server.ts";
import { systemClock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { systemRandom } from "../../lib/random.ts";
import { call, honestGroup, type Vice } from "./vice.ts";

/** What comes back is not what was cut. */
export const restoreVices: readonly Vice[] = [
  {
    does: "calls ready to use what cannot be restored",
    caughtBy: ["restore/volumes", "restore/data", "order"],
    wrong: (csi) =>
      restores(csi, () => {
        throw new Failure("precondition", "the snapshot is still being uploaded");
      }),
  },
  {
    does: "restores what a volume held when it was cut first",
    caughtBy: ["restore/data", "order"],
    wrong: restoresTheFirst,
  },
  {
    does: "restores what a volume holds now",
    caughtBy: ["restore/data", "order"],
    wrong: (csi) =>
      restores(csi, async (snapshotId) => {
        const { entries } = await csi.controller.listSnapshots({ snapshotId }, call);
        return { case: "volume", value: { volumeId: entries[0]?.snapshot?.sourceVolumeId ?? "" } };
      }),
  },
  {
    does: "cuts one volume after the other",
    caughtBy: ["order"],
    wrong: cutsInTurn,
  },
];

type Source = NonNullable<MessageInitShape<typeof VolumeContentSourceSchema>["type"]>;

/** Makes volumes from something else than the snapshot that was named. */
export function restores(csi: Csi, sourceFor: (snapshotId: string) => Source | Promise<Source>): CsiHandlers {
  return { controller: { createVolume: restoredBy(csi, sourceFor) } };
}

function restoredBy(csi: Csi, sourceFor: (snapshotId: string) => Source | Promise<Source>) {
  return async (request: CreateVolumeRequest) => {
    const named = request.volumeContentSource?.type;
    if (named?.case !== "snapshot") return csi.controller.createVolume(request, call);
    const type = await sourceFor(named.value.snapshotId);
    const volumeContentSource = create(VolumeContentSourceSchema, { type });
    return csi.controller.createVolume({ ...request, volumeContentSource }, call);
  };
}

/** More than a writer needs for a record on each volume. */
const delayMs = 30;

function cutsInTurn(csi: Csi): CsiHandlers {
  return restoresHidden(csi, async (volumeId, take) => {
    await systemClock.sleep(delayMs, call.signal);
    return take(volumeId);
  });
}

function restoresTheFirst(csi: Csi): CsiHandlers {
  const first = new Map<string, Promise<string>>();
  return restoresHidden(csi, (volumeId, take) => {
    const taken = first.get(volumeId) ?? take(volumeId);
    first.set(volumeId, taken);
    return taken;
  });
}

type Take = (volumeId: string) => Promise<string>;

/**
 * Groups are told as the honest driver cut them, but restored from other snapshots, which nobody sees: for each member
 * the one that `choose` names or takes.
 */
function restoresHidden(csi: Csi, choose: (volumeId: string, take: Take) => Promise<string>): CsiHandlers {
  /** Volumes of hidden snapshots. */
  const hidden = new Map<string, string>();
  const instead = new Map<string, string>();
  const take = async (sourceVolumeId: string) => {
    const { snapshot } = await csi.controller.createSnapshot({ name: systemRandom.uuid(), sourceVolumeId }, call);
    hidden.set(snapshot?.snapshotId ?? "", sourceVolumeId);
    return snapshot?.snapshotId ?? "";
  };
  return {
    groupController: {
      async createVolumeGroupSnapshot(request) {
        const group = await honestGroup(csi, request);
        for (const { snapshotId, sourceVolumeId } of group.snapshots)
          if (!instead.has(snapshotId)) instead.set(snapshotId, await choose(sourceVolumeId, take));
        return { groupSnapshot: group };
      },
    },
    controller: {
      createVolume: restoredBy(csi, (named) => ({
        case: "snapshot",
        value: { snapshotId: instead.get(named) ?? named },
      })),
      async listSnapshots(request) {
        const { entries, nextToken } = await csi.controller.listSnapshots(request, call);
        return { entries: entries.filter(({ snapshot }) => !hidden.has(snapshot?.snapshotId ?? "")), nextToken };
      },
      async deleteVolume(request) {
        for (const [snapshotId, volumeId] of hidden)
          if (volumeId === request.volumeId) await csi.controller.deleteSnapshot({ snapshotId }, call);
        return csi.controller.deleteVolume(request, call);
      },
    },
  };
}
