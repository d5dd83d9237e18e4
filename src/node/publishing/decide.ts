import { publishedPathAnnotation } from "../../api/local-driver.ts";
import { type EventValue, nothing, onChange, type Plan } from "../../kube/controller/plan.ts";
import type { Claim } from "../../kube/core/claim.ts";
import { resizePending } from "../../kube/core/names.ts";
import type { Volume } from "../../kube/core/volume.ts";
import { parseQuantity } from "../../kube/quantity.ts";
import type { PublishingSeen } from "./observe.ts";
import type { PublishedRecord } from "./records.ts";

export type PublishingAction =
  | { readonly do: "publish"; readonly record: PublishedRecord; readonly volume: Volume }
  | { readonly do: "unpublish"; readonly record: PublishedRecord }
  /** The path of the published volume; null takes it away. */
  | { readonly do: "annotate"; readonly claim: Claim; readonly path: string | null }
  | { readonly do: "expand"; readonly claim: Claim; readonly volume: Volume; readonly record: PublishedRecord };

/** A bound claim's volume appears at its path; one that is going away is ended first. */
export function decidePublishing(seen: PublishingSeen): Plan<PublishingAction> {
  const { claim, volume, record, predecessor } = seen;
  if (!volume || !isWanted(seen)) return end(seen);
  if (predecessor)
    return { reason: "UnpublishPredecessor", steps: [[{ do: "unpublish", record: predecessor }]], next: onChange };
  const handle = volume.spec.csi?.volumeHandle ?? "";
  if (record && record.volumeHandle !== handle) return end(seen);
  if (seen.capabilities.controller.has("PUBLISH_UNPUBLISH_VOLUME")) return refuse(seen);
  const wanted = recordOf(seen, handle);
  if (!seen.isPublished)
    return {
      reason: "Publish",
      steps: [[{ do: "publish", record: wanted, volume }], ...annotateIfNew(seen)],
      next: onChange,
    };
  if (annotateIfNew(seen).length > 0) return { reason: "Annotate", steps: annotateIfNew(seen), next: onChange };
  if (!hasGrown(claim, volume)) return nothing("Published");
  return { reason: "Expand", steps: [[{ do: "expand", claim, volume, record: wanted }]], next: onChange };
}

function isWanted({ claim, volume, capabilities }: PublishingSeen): boolean {
  return (
    claim.status?.phase === "Bound" &&
    !claim.metadata.deletionTimestamp &&
    volume?.spec.csi?.driver === capabilities.driver &&
    volume.spec.claimRef?.uid === claim.metadata.uid
  );
}

function recordOf({ claim, targetPath, stagingPath }: PublishingSeen, volumeHandle: string): PublishedRecord {
  const { uid, namespace = "", name } = claim.metadata;
  return { claimUid: uid, namespace, claimName: name, volumeHandle, targetPath, stagingPath };
}

function annotateIfNew({ claim, targetPath }: PublishingSeen): PublishingAction[][] {
  if (claim.metadata.annotations?.[publishedPathAnnotation] === targetPath) return [];
  return [[{ do: "annotate", claim, path: targetPath }]];
}

/** Ended on the machine first: while the claim says that it is published, it stays. */
function end({ claim, record }: PublishingSeen): Plan<PublishingAction> {
  const isAnnotated = claim.metadata.annotations?.[publishedPathAnnotation] !== undefined;
  const steps: PublishingAction[][] = [
    ...(record ? [[{ do: "unpublish", record } as const]] : []),
    ...(isAnnotated ? [[{ do: "annotate", claim, path: null } as const]] : []),
  ];
  return steps.length > 0 ? { reason: "Unpublish", steps, next: onChange } : nothing("NotPublished");
}

/** The controller has grown the volume and left the rest to the node. */
function hasGrown({ status }: Claim, volume: Volume): boolean {
  const isPending = (status?.conditions ?? []).some((found) => found.type === resizePending && found.status === "True");
  const has = parseQuantity(status?.capacity?.storage ?? "0");
  return isPending && parseQuantity(volume.spec.capacity?.storage ?? "0") > has;
}

function refuse({ claim, capabilities }: PublishingSeen): Plan<PublishingAction> {
  const message =
    `driver ${capabilities.driver} has to attach volumes to machines (PUBLISH_UNPUBLISH_VOLUME), which this one cannot: ` +
    "use it in a cluster";
  return { ...nothing("FailedMount"), events: [failedMount(claim, message)] };
}

export function failedMount(claim: Claim, message: string): EventValue {
  return { type: "Warning", reason: "FailedMount", message, regarding: claim };
}
