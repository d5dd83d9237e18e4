import type { KubeObject } from "../../kube/object.ts";
import { isTerminating } from "../pairing/change.ts";
import { placeOfGroup } from "./binding/obstacles.ts";
import type { GroupSeen } from "./seen.ts";

/** What a group's next step depends on, without the statuses, marks and finalizers that we write ourselves. */
export function factsOf(seen: GroupSeen): unknown {
  const { group, stage } = seen;
  return { stage, spec: group.spec, going: isTerminating(group), about: aboutOf(seen) };
}

function aboutOf(seen: GroupSeen): unknown {
  switch (seen.stage) {
    case "binding":
      return {
        classes: seen.classes.map(({ metadata, driver, parameters }) => [metadata, driver, parameters]),
        claims: seen.claims.map(({ claim, volume }) => [
          claim.spec,
          claim.status?.phase,
          isTerminating(claim),
          volume?.spec.csi,
        ]),
        place: placeOfGroup(seen),
      };
    case "adoption":
      return { content: seen.content?.spec, driver: seen.groupClass?.driver };
    case "lost":
      return seen.contentName;
    case "members":
      return {
        content: [seen.content.spec, seen.content.status],
        members: seen.members.map(({ snapshot, content }) => [uidOf(snapshot), uidOf(content)]),
      };
    case "release":
      return {
        content: [uidOf(seen.content), seen.content?.status?.error],
        members: [...seen.snapshots, ...seen.contents].map(uidOf),
        restores: seen.restores.map(uidOf),
      };
  }
}

const uidOf = (object: KubeObject | undefined) => object?.metadata.uid;
