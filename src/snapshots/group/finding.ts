import { groupContents } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshotContent } from "../../api/group-snapshot/types.ts";
import { groupReasons } from "../../api/reasons.ts";
import type { Cache } from "../../kube/cache/cache.ts";
import type { Reconciler } from "../../kube/controller/controller.ts";
import { contentFinder } from "../pairing/finding/controller.ts";
import type { FindingAction, FindingSeen, Wanted } from "../pairing/finding/decide.ts";
import { ask } from "./cutting/act.ts";
import type { GroupContentDeps } from "./cutting/deps.ts";
import { isReleased } from "./release/storage.ts";

/** Finds the group snapshots of this node's driver among the contents that nobody has labelled. */
export function groupFinder(
  deps: GroupContentDeps & { readonly unlabelled: Cache<GroupSnapshotContent>; readonly nodeName: string },
): Reconciler<GroupSnapshotContent, FindingSeen<GroupSnapshotContent>, FindingAction<GroupSnapshotContent>> {
  const { groupClasses } = deps.caches;
  return contentFinder({
    name: "csi-snapshotter-group-content-finder",
    resource: groupContents,
    contents: deps.unlabelled,
    nodeName: deps.nodeName,
    reasons: groupReasons,
    wantedOf: (content) => (content.spec.driver === deps.driver ? wantedOf(content) : undefined),
    ask: (content, context) =>
      ask(content, groupClasses.get(content.spec.volumeGroupSnapshotClassName ?? ""), deps, context),
  });
}

/** What an admin has brought; or what was cut before sidecars ran on every node. */
function wantedOf(content: GroupSnapshotContent): Wanted | undefined {
  const brought = content.spec.source.groupSnapshotHandles?.volumeGroupSnapshotHandle;
  const told = content.status?.volumeGroupSnapshotHandle;
  const handle = brought ?? told;
  if (!handle) return undefined;
  const mayGoUnfound = content.spec.deletionPolicy === "Retain" || !told;
  const className = content.spec.volumeGroupSnapshotClassName;
  return { handle, className, isReleased: isReleased(content), mayGoUnfound };
}
