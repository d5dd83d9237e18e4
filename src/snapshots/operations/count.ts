import type { GroupSnapshot, GroupSnapshotContent } from "../../api/group-snapshot/types.ts";
import type { Snapshot, SnapshotContent } from "../../api/snapshot/types.ts";
import type { Cache } from "../../kube/cache/cache.ts";
import { type KubeObject, keyOf } from "../../kube/object.ts";
import type { Clock } from "../../lib/clock.ts";
import { byGroup, bySnapshot, type SnapshotCaches } from "../pairing/caches.ts";
import { isMember } from "../pairing/member.ts";
import { ledgerOf, type OperationMetrics } from "./ledger.ts";
import { operationsOf, type Request } from "./operation.ts";

/**
 * Counts what users ask for, from the asking to its end, by watching the objects and nothing else: whatever happens to one,
 * in whatever order, what it asked for ends with it at the latest. After a restart an operation goes on with the time it was
 * asked for. Members of groups count as no operations: nobody asked for them.
 *
 * To be called before the caches run.
 */
export function countOperations(
  caches: SnapshotCaches,
  { metrics, clock }: { readonly metrics: OperationMetrics; readonly clock: Clock },
): void {
  const ledger = ledgerOf(metrics, clock);
  const look = (seen: Request) => ledger.look(seen, operationsOf(seen), driverOf(seen, caches));
  const single = (request: Snapshot): Request => ({ of: "single", request, content: contentOf(request, caches) });
  const group = (request: GroupSnapshot): Request => ({
    of: "group",
    request,
    content: groupContentOf(request, caches),
  });

  caches.snapshots.onChange(({ type, object }) => {
    if (type === "removed") ledger.gone(single(object));
    else if (!isMember(object)) look(single(object));
  });
  caches.groups.onChange(({ type, object }) => (type === "removed" ? ledger.gone(group(object)) : look(group(object))));
  caches.contents.onChange(({ object }) => {
    const request = bound(caches.snapshots, object.spec.volumeSnapshotRef);
    if (request && !isMember(request)) look(single(request));
  });
  caches.groupContents.onChange(({ object }) => {
    const request = bound(caches.groups, object.spec.volumeGroupSnapshotRef);
    if (request) look(group(request));
  });
}

interface Reference {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
}

function bound<T extends KubeObject>(requests: Cache<T>, { namespace, name = "", uid }: Reference): T | undefined {
  const request = requests.get(keyOf({ namespace, name }));
  return request?.metadata.uid === uid ? request : undefined;
}

function contentOf({ metadata }: Snapshot, { contents }: SnapshotCaches): SnapshotContent | undefined {
  return contents.by(bySnapshot, keyOf(metadata)).find(({ spec }) => spec.volumeSnapshotRef.uid === metadata.uid);
}

function groupContentOf(
  { metadata }: GroupSnapshot,
  { groupContents }: SnapshotCaches,
): GroupSnapshotContent | undefined {
  const named = groupContents.by(byGroup, keyOf(metadata));
  return named.find(({ spec }) => spec.volumeGroupSnapshotRef.uid === metadata.uid);
}

/** The content knows it; before there is one, the class that is named, or the claim's volume. */
function driverOf({ of, request, content }: Request, caches: SnapshotCaches): string | undefined {
  if (content) return content.spec.driver;
  if (of === "group") {
    const name = request.spec.volumeGroupSnapshotClassName;
    return name === undefined ? undefined : caches.groupClasses.get(name)?.driver;
  }
  const { volumeSnapshotClassName, source } = request.spec;
  const named = volumeSnapshotClassName === undefined ? undefined : caches.classes.get(volumeSnapshotClassName)?.driver;
  return named ?? driverOfClaim(request.metadata.namespace, source.persistentVolumeClaimName, caches);
}

function driverOfClaim(
  namespace: string | undefined,
  name: string | undefined,
  { claims, volumes }: SnapshotCaches,
): string | undefined {
  const volume = name === undefined ? undefined : claims.get(keyOf({ namespace, name }))?.spec.volumeName;
  return volume === undefined ? undefined : volumes.get(volume)?.spec.csi?.driver;
}
