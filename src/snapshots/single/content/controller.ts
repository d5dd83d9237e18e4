import { reasons } from "../../../api/reasons.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import { type Reconciler, watch } from "../../../kube/controller/controller.ts";
import { nothing } from "../../../kube/controller/plan.ts";
import { keyOf } from "../../../kube/object.ts";
import { actOn, type ObjectAction } from "../../pairing/action.ts";
import { bySnapshot, type SnapshotCaches } from "../../pairing/caches.ts";
import { isTerminating } from "../../pairing/change.ts";
import { warning } from "../../pairing/obstacle.ts";
import { needing, type Unserved } from "../../pairing/unserved.ts";
import { decide } from "./decide.ts";
import { type ContentSeen, observe } from "./observe.ts";

/** The snapshot-controller's side of VolumeSnapshotContents; the driver's side is `cutting/`. */
export function singleContentController(deps: {
  readonly caches: SnapshotCaches;
}): Reconciler<SnapshotContent, ContentSeen | Unserved<SnapshotContent>, ObjectAction> {
  const { caches } = deps;
  const life: Reconciler<SnapshotContent, ContentSeen, ObjectAction> = {
    name: "snapshot-controller-content",
    kind: caches.contents,
    watches: [
      watch(caches.snapshots, (snapshot) =>
        caches.contents.by(bySnapshot, keyOf(snapshot.metadata)).map((content) => keyOf(content.metadata)),
      ),
    ],
    observe: (content, context) => observe(content, caches, context),
    decide,
    act: actOn,
    onFailure: ({ content }, { failure }) => ({
      ...nothing("ContentFailed"),
      events:
        failure.code === "conflict"
          ? []
          : [warning(content, { reason: reasons.contentDeletion, message: failure.message })],
    }),
    factsOf: ({ content, snapshot }) => ({
      terminating: isTerminating(content),
      reference: content.spec.volumeSnapshotRef,
      snapshot: snapshot?.metadata.uid,
    }),
  };
  return needing(life, { of: () => [caches.snapshots] });
}
