import { groupSnapshotHandle, snapshotHandle } from "../../../api/handles.ts";
import type { SnapshotContent, SnapshotContentStatus } from "../../../api/snapshot/types.ts";
import type { Snapshot } from "../../../csi/gen/csi_pb.js";
import { Failure } from "../../../lib/failure.ts";
import { equalJson, type Int64 } from "../../../lib/json.ts";

/** The fields of a content's status; null takes one off. */
export type Answer = { readonly [Field in keyof SnapshotContentStatus]: SnapshotContentStatus[Field] | null };

/**
 * What the driver said of a snapshot, as the content's status says it. What was ready stays so.
 *
 * @throws Failure "internal" if the driver gave no snapshot or no id
 */
export function answerOf(content: SnapshotContent, snapshot: Snapshot | undefined): Answer {
  if (!snapshot?.snapshotId)
    throw new Failure("internal", `the driver ${content.spec.driver} answered without a snapshot id: mend the driver`);
  const { creationTime, sizeBytes, groupSnapshotId } = snapshot;
  return {
    snapshotHandle: snapshotHandle(snapshot.snapshotId),
    readyToUse: snapshot.readyToUse || content.status?.readyToUse === true,
    ...(creationTime && { creationTime: int64(creationTime.seconds * 1_000_000_000n + BigInt(creationTime.nanos)) }),
    ...(sizeBytes > 0n && { restoreSize: int64(sizeBytes) }),
    ...(groupSnapshotId && { volumeGroupSnapshotHandle: groupSnapshotHandle(groupSnapshotId) }),
    error: null,
  };
}

/** True when the status says all of it already. */
export function isKnown(content: SnapshotContent, answer: Answer): boolean {
  const said: Readonly<Record<string, unknown>> = { ...content.status };
  return Object.entries(answer).every(([field, value]) => equalJson(said[field] ?? null, value));
}

function int64(value: bigint): Int64 {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
