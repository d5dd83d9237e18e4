import { groupContents } from "../../../api/group-snapshot/resources.ts";
import type { GroupSnapshot, GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import { contentNameOf, groupContentNameOf } from "../../../api/names.ts";
import { contents } from "../../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { ObserveContext } from "../../../kube/controller/controller.ts";
import type { Claim } from "../../../kube/core/claim.ts";
import { keyOf, matches } from "../../../kube/object.ts";
import {
  byClaimInNeed,
  byGroup,
  bySnapshot,
  byVolume,
  byVolumeBeingCut,
  handleKey,
  type SnapshotCaches,
  unfinished,
} from "../caches.ts";
import { isTerminating } from "../change.ts";
import { isProtected } from "../protection.ts";

/** A request for a snapshot of the claim, and the content that was made for it, if there is one yet. */
export interface Use<Request, Content> {
  readonly request: Request;
  readonly content: Content | undefined;
}

/** Everything that may need the claim. */
export interface ClaimSeen {
  readonly claim: Claim;
  /** Those that may need it. Without members of groups: what they need of the claim, their group asks for. */
  readonly singles: readonly Use<Snapshot, SnapshotContent>[];
  readonly groups: readonly Use<GroupSnapshot, GroupSnapshotContent>[];
  /** Contents for which the claim's volume may be being cut, whatever has become of their requests. */
  readonly cuts: readonly (SnapshotContent | GroupSnapshotContent)[];
}

/** A claim that is about to go is judged by what the API server holds now: a content may be newer than the caches. */
export async function observe(claim: Claim, caches: SnapshotCaches, context: ObserveContext): Promise<ClaimSeen> {
  const seen = {
    claim,
    singles: singlesOf(claim, caches),
    groups: groupsOf(claim, caches),
    cuts: cutsOf(claim, caches),
  };
  if (!isTerminating(claim) || !isProtected(claim)) return seen;
  return { ...seen, ...(await contentsMadeJustNow(seen, context)) };
}

function singlesOf(claim: Claim, caches: SnapshotCaches): ClaimSeen["singles"] {
  const requests = caches.snapshots.by(byClaimInNeed, keyOf(claim.metadata));
  return requests.map((request) => ({
    request,
    content: caches.contents.by(bySnapshot, keyOf(request.metadata)).find((content) => isFor(request, content)),
  }));
}

function isFor(request: Snapshot, content: SnapshotContent): boolean {
  return content.spec.volumeSnapshotRef.uid === request.metadata.uid;
}

/** Until a group has its content the selector says which claims it holds; then the content's volumes do. */
function groupsOf(claim: Claim, caches: SnapshotCaches): ClaimSeen["groups"] {
  const { namespace = "", labels } = claim.metadata;
  const handle = handleOf(claim, caches);
  return caches.groups.by(unfinished, namespace).flatMap((request) => {
    const content = caches.groupContents
      .by(byGroup, keyOf(request.metadata))
      .find((candidate) => candidate.spec.volumeGroupSnapshotRef.uid === request.metadata.uid);
    const { selector } = request.spec.source;
    const holds = content
      ? (content.spec.source.volumeHandles ?? []).some((volume) => handleKey(content.spec.driver, volume) === handle)
      : selector !== undefined && matches(selector, labels);
    return holds ? [{ request, content }] : [];
  });
}

function cutsOf(claim: Claim, caches: SnapshotCaches): ClaimSeen["cuts"] {
  const handle = handleOf(claim, caches);
  if (handle === undefined) return [];
  return [...caches.contents.by(byVolumeBeingCut, handle), ...caches.groupContents.by(byVolumeBeingCut, handle)];
}

function handleOf(claim: Claim, { volumes }: SnapshotCaches): string | undefined {
  const csi = claim.spec.volumeName === undefined ? undefined : volumes.get(claim.spec.volumeName)?.spec.csi;
  return csi && handleKey(csi.driver, csi.volumeHandle);
}

async function contentsMadeJustNow(seen: ClaimSeen, context: ObserveContext): Promise<Partial<ClaimSeen>> {
  const { client, signal } = context;
  const singles = seen.singles.map(async ({ request, content }) => ({
    request,
    content: content ?? (await client.find(contents, { name: contentNameOf(request) }, { signal })),
  }));
  const groups = seen.groups.map(async ({ request, content }) => ({
    request,
    content: content ?? (await client.find(groupContents, { name: groupContentNameOf(request) }, { signal })),
  }));
  return { singles: await Promise.all(singles), groups: await Promise.all(groups) };
}

/** The claims that a change of a snapshot concerns. */
export function claimsOfSnapshot({ metadata, spec }: Snapshot): readonly string[] {
  const name = spec.source.persistentVolumeClaimName;
  return name === undefined ? [] : [keyOf({ namespace: metadata.namespace, name })];
}

/** The claim whose volume a content asks a cut of. */
export function claimsOfContent({ spec }: SnapshotContent, caches: SnapshotCaches): readonly string[] {
  const { volumeHandle } = spec.source;
  return volumeHandle === undefined ? [] : claimsOfVolumes(spec.driver, [volumeHandle], caches);
}

/** The claims whose volumes a group's content asks a cut of. */
export function claimsOfGroupContent({ spec }: GroupSnapshotContent, caches: SnapshotCaches): readonly string[] {
  return claimsOfVolumes(spec.driver, spec.source.volumeHandles ?? [], caches);
}

function claimsOfVolumes(driver: string, handles: readonly string[], { volumes }: SnapshotCaches): readonly string[] {
  return handles
    .flatMap((handle) => volumes.by(byVolume, handleKey(driver, handle)))
    .flatMap(({ spec: { claimRef } }) => (claimRef ? [keyOf(claimRef)] : []));
}

/** The claims that a change of a group concerns: those it selects, and those that it held when its content was made. */
export function claimsOfGroup(group: GroupSnapshot, caches: SnapshotCaches): readonly string[] {
  const { selector } = group.spec.source;
  const selected = selector
    ? caches.claims.list(group.metadata.namespace).filter((claim) => matches(selector, claim.metadata.labels))
    : [];
  const held = caches.groupContents
    .by(byGroup, keyOf(group.metadata))
    .flatMap((content) => claimsOfGroupContent(content, caches));
  return [...new Set([...selected.map((claim) => keyOf(claim.metadata)), ...held])];
}
