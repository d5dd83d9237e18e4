import { groupBeingDeleted } from "../../../api/annotations.ts";
import type { GroupSnapshotClass, GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import { hasAnnotation, isTerminating } from "../../pairing/change.ts";
import type { GroupContentDeps } from "./deps.ts";
import type { Learnt, Memory } from "./memory.ts";
import { deletionSecretOf } from "./request.ts";

/** What the sidecar decides from. */
export interface ContentSeen {
  readonly content: GroupSnapshotContent;
  /** The class the content names, if it exists. */
  readonly groupClass: GroupSnapshotClass | undefined;
  /** The driver beside this sidecar. */
  readonly driver: string;
  /** It says that it can make group snapshots. */
  readonly canCutGroups: boolean;
  readonly learnt: Learnt;
  readonly now: Date;
}

export function observeContent(
  content: GroupSnapshotContent,
  deps: GroupContentDeps & { readonly memory: Memory },
  context: { readonly now: Date },
): ContentSeen {
  const className = content.spec.volumeGroupSnapshotClassName;
  return {
    content,
    groupClass: className === undefined ? undefined : deps.caches.groupClasses.get(className),
    driver: deps.driver,
    canCutGroups: deps.canCutGroups,
    learnt: deps.memory.of(content.metadata.uid),
    now: context.now,
  };
}

/** What a call to the driver depends on; not our statuses and marks. */
export function factsOf({ content, groupClass, canCutGroups }: ContentSeen): unknown {
  return {
    spec: content.spec,
    going: isTerminating(content) && hasAnnotation(content, groupBeingDeleted),
    terms: groupClass?.parameters,
    secret: deletionSecretOf(content),
    canCutGroups,
  };
}
