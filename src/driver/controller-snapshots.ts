import { consistencyMetadata } from "../csi/consistency.ts";
import type { CsiHandlers } from "../csi/server.ts";
import { Failure } from "../lib/failure.ts";
import { snapshotAnswer } from "./answer.ts";
import type { Pool } from "./pool/pool.ts";
import type { SnapshotRecord } from "./pool/records.ts";
import { cutWishOf, pageFrom, pageOf, required, requiredName } from "./request.ts";
import type { ServiceDeps } from "./service-deps.ts";

/** The calls about single snapshots, members of groups included, of the controller service. */
export function snapshotCalls({ pool }: ServiceDeps) {
  const { snapshots } = pool;
  return {
    async createSnapshot(request, { signal, tell }) {
      const wanted = {
        name: requiredName(request.name),
        volumeId: required(request.sourceVolumeId, "source_volume_id"),
        wish: cutWishOf(request.parameters),
      };
      const taken = await snapshots.ensure(wanted, signal);
      tell(consistencyMetadata(taken.consistency));
      return { snapshot: await answerOf(pool, taken) };
    },

    async deleteSnapshot(request) {
      await snapshots.remove(required(request.snapshotId, "snapshot_id"));
      return {};
    },

    async listSnapshots(request) {
      const { afterSeq, limit } = pageOf(request);
      const volumeId = request.sourceVolumeId || undefined;
      if (request.snapshotId !== "") {
        const found = snapshots.find(request.snapshotId);
        const isWanted = found && (volumeId === undefined || found.volumeId === volumeId);
        return { entries: isWanted ? [{ snapshot: await answerOf(pool, found) }] : [], nextToken: "" };
      }
      const page = pageFrom(snapshots.list({ afterSeq, limit: limit + 1, volumeId }), limit);
      const entries = page.entries.map(async (snapshot) => ({ snapshot: await answerOf(pool, snapshot) }));
      return { entries: await Promise.all(entries), nextToken: page.nextToken };
    },

    async getSnapshot(request, { tell }) {
      const id = required(request.snapshotId, "snapshot_id");
      const found = snapshots.find(id);
      if (found === undefined) throw new Failure("notFound", `there is no snapshot ${id} in the pool`);
      tell(consistencyMetadata(found.consistency));
      return { snapshot: await answerOf(pool, found) };
    },
  } satisfies CsiHandlers["controller"];
}

export async function answerOf(pool: Pool, snapshot: SnapshotRecord) {
  return snapshotAnswer(snapshot, await pool.hasSnapshotImage(snapshot.id));
}
