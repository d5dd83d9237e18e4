import type { Snapshot, SnapshotContent, SnapshotStatus } from "../../../api/snapshot/types.ts";
import { formatQuantity } from "../../../kube/quantity.ts";
import type { Int64 } from "../../../lib/json.ts";
import { timeOf, troubleToldBy } from "../../pairing/obstacle.ts";

/** What the content says, in the user's terms. A snapshot that was ready stays so. */
export function statusOf(snapshot: Snapshot, content: SnapshotContent): SnapshotStatus {
  const said = content.status ?? {};
  const ready = said.readyToUse === true || snapshot.status?.readyToUse === true;
  return {
    boundVolumeSnapshotContentName: content.metadata.name,
    readyToUse: ready,
    ...(said.creationTime !== undefined && { creationTime: timeOfNanoseconds(said.creationTime) }),
    ...(said.restoreSize !== undefined && { restoreSize: formatQuantity(BigInt(said.restoreSize)) }),
    ...(said.error && !ready && { error: { ...said.error, message: troubleToldBy(content) ?? "" } }),
    ...(snapshot.status?.volumeGroupSnapshotName !== undefined && {
      volumeGroupSnapshotName: snapshot.status.volumeGroupSnapshotName,
    }),
  };
}

function timeOfNanoseconds(nanoseconds: Int64): string {
  return timeOf(new Date(Number(BigInt(nanoseconds) / 1_000_000n)));
}
