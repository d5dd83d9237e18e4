import type { GroupSnapshot, GroupSnapshotContent } from "../../api/group-snapshot/types.ts";
import type { Snapshot, SnapshotContent, SnapshotError } from "../../api/snapshot/types.ts";
import { isTerminating } from "../pairing/change.ts";

/** What users ask for, by the names that dashboards know. */
export type OperationName = "CreateSnapshot" | "CreateSnapshotAndReady" | "DeleteSnapshot" | GroupOperationName;
type GroupOperationName = "CreateGroupSnapshot" | "CreateGroupSnapshotAndReady" | "DeleteGroupSnapshot";

/**
 * How an operation stands, read off the objects alone. One that has failed is tried again: it runs anew when its error is
 * gone, and it may be done in the end.
 */
export type Stand = "running" | "failed" | "done" | "cancelled";

export interface Operation {
  readonly name: OperationName;
  readonly stand: Stand;
  /** When the user asked for it. */
  readonly since: Date;
}

/** A VolumeSnapshot or a VolumeGroupSnapshot, and the content it is bound to. */
export type Request =
  | { readonly of: "single"; readonly request: Snapshot; readonly content: SnapshotContent | undefined }
  | { readonly of: "group"; readonly request: GroupSnapshot; readonly content: GroupSnapshotContent | undefined };

const names: Readonly<Record<Request["of"], Readonly<Record<"cut" | "ready" | "gone", OperationName>>>> = {
  single: { cut: "CreateSnapshot", ready: "CreateSnapshotAndReady", gone: "DeleteSnapshot" },
  group: { cut: "CreateGroupSnapshot", ready: "CreateGroupSnapshotAndReady", gone: "DeleteGroupSnapshot" },
};

/** Who makes the snapshot: the driver, or an admin has brought it. */
export type SnapshotType = "dynamic" | "pre-provisioned";

export function typeOf(seen: Request): SnapshotType {
  const brought =
    seen.of === "single"
      ? seen.request.spec.source.volumeSnapshotContentName
      : seen.request.spec.source.volumeGroupSnapshotContentName;
  return brought === undefined ? "dynamic" : "pre-provisioned";
}

/**
 * The operations of a request that exists. What an admin has brought need not be cut; a deletion is done when the request
 * does not exist any more.
 */
export function operationsOf(seen: Request): readonly Operation[] {
  const { request } = seen;
  const { creationTime, readyToUse, error } = request.status ?? {};
  const named = names[seen.of];
  const isReady = readyToUse === true;
  const isCut = isReady || creationTime !== undefined;
  const { creationTimestamp, deletionTimestamp } = request.metadata;
  const isDynamic = typeOf(seen) === "dynamic";
  const creation = (isDone: boolean): Stand => {
    if (isDone) return "done";
    if (isTerminating(request)) return "cancelled";
    return error ? "failed" : "running";
  };
  const asked = new Date(creationTimestamp);
  return [
    ...(isDynamic ? [{ name: named.cut, stand: creation(isCut), since: asked }] : []),
    { name: named.ready, stand: creation(isReady), since: asked },
    ...(deletionTimestamp === undefined ? [] : [deletion(seen, new Date(deletionTimestamp))]),
  ];
}

/** An error from before the deletion says nothing about it. */
function deletion({ of, request, content }: Request, since: Date): Operation {
  const errors = [request.status?.error, content?.status?.error];
  const isAboutIt = (error: SnapshotError | undefined) => Date.parse(error?.time ?? "") >= since.getTime();
  return { name: names[of].gone, stand: errors.some(isAboutIt) ? "failed" : "running", since };
}
