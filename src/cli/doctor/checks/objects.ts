import { beingCreated, groupBeingCreated } from "../../../api/annotations.ts";
import { groupContents, groupSnapshots } from "../../../api/group-snapshot/resources.ts";
import { contents, snapshots } from "../../../api/snapshot/resources.ts";
import type { SnapshotError } from "../../../api/snapshot/types.ts";
import { claims } from "../../../kube/core/claim.ts";
import type { KubeObject, Resource } from "../../../kube/object.ts";
import { type Finding, nameOf } from "../finding.ts";
import type { Observed } from "../observed.ts";

type Moment = Pick<Observed, "now" | "stuckAfterMs">;

interface Thing extends KubeObject {
  readonly status?: { readonly error?: SnapshotError; readonly readyToUse?: boolean };
}

/** What is wrong with single objects: they failed, hang, or lost what they belong to. */
export function checkObjects(seen: Observed): readonly Finding[] {
  const kinds: readonly (readonly [Resource, readonly Thing[]])[] = [
    [groupSnapshots, seen.groups.items],
    [groupContents, seen.groupContents.items],
    [snapshots, seen.snapshots.items],
    [contents, seen.contents.items],
  ];
  const all = kinds.flatMap(([{ kind }, items]) => items.map((item) => ({ item, on: nameOf(item, kind) })));
  const waiting = seen.claims.items.filter(({ metadata }) => metadata.finalizers?.some(isSnapshots));
  return [
    ...all.flatMap(({ item, on }) => checkFailed(item, on)),
    ...all.flatMap(({ item, on }) => checkTerminating(item, on, seen)),
    ...waiting.flatMap((claim) => checkTerminating({ metadata: claim.metadata }, nameOf(claim, claims.kind), seen)),
    ...all.flatMap(({ item, on }) => checkWaiting(item, on, seen)),
    ...checkLost(seen),
  ];
}

const isSnapshots = (finalizer: string) => finalizer.includes("snapshot.storage.kubernetes.io/");

function checkFailed({ status, metadata }: Thing, on: string): readonly Finding[] {
  const message = status?.error?.message;
  if (message === undefined || metadata.deletionTimestamp !== undefined) return [];
  const mend = "mend what the message says; it is tried again by itself";
  return [{ severity: "error", reason: "ObjectFailed", on, what: message, mend }];
}

function checkTerminating(
  { metadata, status }: Pick<Thing, "metadata" | "status">,
  on: string,
  moment: Moment,
): readonly Finding[] {
  const { deletionTimestamp, finalizers = [] } = metadata;
  if (deletionTimestamp === undefined || !isOld(deletionTimestamp, moment)) return [];
  const why = status?.error?.message ? `; its last error was: ${status.error.message}` : "";
  return [
    {
      severity: "error",
      reason: "StuckTerminating",
      on,
      what: `it was deleted at ${deletionTimestamp}, and ${finalizers.join(", ")} holds it${why}`,
      mend: "see that controller and sidecar run and what their logs say of it; taking finalizers off by hand leaves data on the storage",
    },
  ];
}

function checkWaiting({ metadata, status }: Thing, on: string, moment: Moment): readonly Finding[] {
  if (status?.readyToUse === true || status?.error?.message || metadata.deletionTimestamp) return [];
  if (!isOld(metadata.creationTimestamp, moment)) return [];
  const marks = metadata.annotations ?? {};
  const inFlight = beingCreated in marks || groupBeingCreated in marks;
  return [
    {
      severity: "warning",
      reason: "StuckWaiting",
      on,
      what: `it was made at ${metadata.creationTimestamp} and is not ready, and nobody says why${inFlight ? "; a create may be in flight on the storage" : ""}`,
      mend: "see that controller and sidecar run; a driver that copies may just be slow",
    },
  ];
}

const isOld = (time: string, { now, stuckAfterMs }: Moment) => new Date(time).getTime() + stuckAfterMs < now.getTime();

/** Objects whose other half is gone. */
function checkLost(seen: Observed): readonly Finding[] {
  const { groups, groupContents: cuts, snapshots: singles, contents: parts } = seen;
  if ([groups, cuts, singles, parts].some(({ trouble }) => trouble !== undefined)) return [];
  const uids = new Set([...groups.items, ...singles.items].map(({ metadata }) => metadata.uid));
  const names = new Set([...cuts.items, ...parts.items].map(({ metadata }) => metadata.name));
  return [
    ...cuts.items
      .filter((cut) => isOrphan(cut, cut.spec.deletionPolicy, cut.spec.volumeGroupSnapshotRef.uid, uids))
      .map((cut) => orphan(nameOf(cut, groupContents.kind), "VolumeGroupSnapshot")),
    ...parts.items
      .filter((part) => isOrphan(part, part.spec.deletionPolicy, part.spec.volumeSnapshotRef.uid, uids))
      .map((part) => orphan(nameOf(part, contents.kind), "VolumeSnapshot")),
    ...groups.items.flatMap((group) =>
      contentLost(nameOf(group, groupSnapshots.kind), group.status?.boundVolumeGroupSnapshotContentName, names),
    ),
    ...singles.items.flatMap((single) =>
      contentLost(nameOf(single, snapshots.kind), single.status?.boundVolumeSnapshotContentName, names),
    ),
    ...singles.items.flatMap((single) =>
      (single.metadata.ownerReferences ?? [])
        .filter(({ kind, uid }) => kind === groupSnapshots.kind && !uids.has(uid))
        .map(({ name }) => memberLost(nameOf(single, snapshots.kind), name)),
    ),
  ];
}

/** With policy Retain a content may stay for itself. */
function isOrphan(
  { metadata }: KubeObject,
  policy: string,
  uid: string | undefined,
  uids: ReadonlySet<string>,
): boolean {
  return uid !== undefined && !uids.has(uid) && policy === "Delete" && metadata.deletionTimestamp === undefined;
}

const orphan = (on: string, kind: string): Finding => ({
  severity: "error",
  reason: "Orphan",
  on,
  what: `the ${kind} that it belongs to is gone, and nobody deleted it: its data stays on the storage`,
  mend: "delete it, or keep the data by setting its deletionPolicy to Retain",
});

function contentLost(on: string, name: string | undefined, names: ReadonlySet<string>): readonly Finding[] {
  if (name === undefined || names.has(name)) return [];
  const what = `its content ${name} is gone: there is no way to its data any more`;
  return [{ severity: "error", reason: "ContentLost", on, what, mend: "delete it, and import the data by its handle" }];
}

const memberLost = (on: string, group: string): Finding => ({
  severity: "warning",
  reason: "MemberWithoutGroup",
  on,
  what: `its group ${group} is gone`,
  mend: "delete it, or take its owner reference off to keep it as a single snapshot",
});
