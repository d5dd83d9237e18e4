import type { Csi } from "../../csi/client.ts";
import type { VolumeGroupSnapshot } from "../../csi/gen/csi_pb.js";
import type { CsiHandlers } from "../../csi/server.ts";

/** One way for a driver to be wrong. */
export interface Vice {
  /** What it does: "leaves a volume out of the group". */
  readonly does: string;
  /** The checks that fail: these and no others. The first is the one that is made for it. */
  readonly caughtBy: readonly [string, ...string[]];
  /** The calls that it answers otherwise than the honest driver, which it makes use of. */
  readonly wrong: (csi: Csi) => CsiHandlers;
}

export const call = { signal: new AbortController().signal, timeoutMs: 30_000 };

export type Group = VolumeGroupSnapshot;

interface Request {
  readonly name: string;
  readonly sourceVolumeIds: string[];
}

/** What the honest driver makes of it. @throws what it refuses */
export async function honestGroup(csi: Csi, request: Request): Promise<Group> {
  const { groupSnapshot } = await csi.groupController.createVolumeGroupSnapshot(request, call);
  if (groupSnapshot) return groupSnapshot;
  throw new Error("the honest driver answered without a group");
}

/** Creates groups by what `make` makes of each request. */
export const creates = (make: (request: Request) => Promise<Group>): CsiHandlers => ({
  groupController: { createVolumeGroupSnapshot: async (request) => ({ groupSnapshot: await make(request) }) },
});
