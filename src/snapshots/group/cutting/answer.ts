import { parseGroupContentSource } from "../../../api/group-snapshot/source.ts";
import type {
  GroupSnapshotContent,
  GroupSnapshotContentStatus,
  GroupSnapshotHandles,
  SnapshotInfo,
} from "../../../api/group-snapshot/types.ts";
import {
  type GroupSnapshotHandle,
  groupSnapshotHandle,
  snapshotHandle,
  type VolumeHandle,
  volumeHandle,
} from "../../../api/handles.ts";
import type { Snapshot, VolumeGroupSnapshot } from "../../../csi/gen/csi_pb.js";
import { timeOf } from "../../pairing/obstacle.ts";
import { faultOf, faultOfBrought } from "../one-per-volume.ts";

/** What a driver said of a group snapshot, in our words. */
export interface Answer {
  /** "" where the driver gave none. */
  readonly handle: GroupSnapshotHandle;
  readonly creationTime?: string;
  readonly readyToUse: boolean;
  /** In the order in which the volumes were asked for, so that the same answer is always written alike. */
  readonly snapshots: readonly SnapshotInfo[];
  /** What the group is worth, where the driver says so. */
  readonly consistency?: string;
}

export function parseAnswer(group: VolumeGroupSnapshot | undefined, asked: readonly VolumeHandle[]): Answer {
  const place = new Map(asked.map((volume, i) => [volume, i]));
  const placeOf = (info: SnapshotInfo) => place.get(info.volumeHandle ?? volumeHandle("")) ?? asked.length;
  const time = group?.creationTime;
  return {
    handle: groupSnapshotHandle(group?.groupSnapshotId ?? ""),
    ...(time ? { creationTime: timeOf(new Date(Number(time.seconds) * 1000)) } : {}),
    readyToUse: group?.readyToUse ?? false,
    snapshots: (group?.snapshots ?? []).map(infoOf).toSorted((a, b) => placeOf(a) - placeOf(b)),
  };
}

/** A size of 0 is CSI's word for "not known". */
function infoOf(snapshot: Snapshot): SnapshotInfo {
  const { snapshotId, sourceVolumeId, creationTime, sizeBytes, readyToUse } = snapshot;
  return {
    ...(sourceVolumeId ? { volumeHandle: volumeHandle(sourceVolumeId) } : {}),
    ...(snapshotId ? { snapshotHandle: snapshotHandle(snapshotId) } : {}),
    ...(creationTime ? { creationTime: creationTime.seconds * 1_000_000_000n + BigInt(creationTime.nanos) } : {}),
    readyToUse,
    ...(sizeBytes > 0n ? { restoreSize: sizeBytes } : {}),
  };
}

/** The content's status, whole. What was ready once stays ready. */
export function statusOf(content: GroupSnapshotContent, answer: Answer): GroupSnapshotContentStatus {
  const old = content.status;
  const creationTime = old?.creationTime ?? answer.creationTime;
  const wasReady = new Set(
    old?.volumeSnapshotInfoList?.flatMap((info) => (info.readyToUse ? (info.snapshotHandle ?? []) : [])),
  );
  return {
    volumeGroupSnapshotHandle: answer.handle,
    ...(creationTime === undefined ? {} : { creationTime }),
    readyToUse: answer.readyToUse || old?.readyToUse === true,
    volumeSnapshotInfoList: answer.snapshots.map((info) =>
      info.snapshotHandle && wasReady.has(info.snapshotHandle) ? { ...info, readyToUse: true } : info,
    ),
  };
}

/** Why an answer cannot be believed, or undefined when it can. */
export function faultOfAnswer(content: GroupSnapshotContent, answer: Answer): string | undefined {
  if (answer.handle === "") return "a group snapshot without a handle";
  const known = content.status?.volumeGroupSnapshotHandle;
  if (known !== undefined && known !== answer.handle)
    return `group snapshot "${answer.handle}" where it had answered "${known}" before`;
  const source = parseGroupContentSource(content);
  return source.kind === "cut" ? faultOf(source.volumes, answer.snapshots) : faultOfAdopted(source.handles, answer);
}

function faultOfAdopted(brought: GroupSnapshotHandles, answer: Answer): string | undefined {
  if (answer.handle !== brought.volumeGroupSnapshotHandle)
    return `group snapshot "${answer.handle}", which was not asked for`;
  return faultOfBrought(brought.volumeSnapshotHandles, answer.snapshots);
}
