import type { ControllerExpandVolumeResponse } from "../../csi/gen/csi_pb.js";
import { widestCapability } from "../../csi/volume-capability.ts";
import type { ActContext } from "../../kube/controller/controller.ts";
import { type Claim, type ClaimCondition, claims, type ResizeStatus } from "../../kube/core/claim.ts";
import { resizePending, resizing } from "../../kube/core/names.ts";
import { secretValues } from "../../kube/core/secret-values.ts";
import { volumes } from "../../kube/core/volume.ts";
import { formatQuantity, parseQuantity } from "../../kube/quantity.ts";
import type { ProvisioningDeps } from "../deps.ts";
import type { AnnounceAction, ExpandAction, ExpandingAction } from "./decide.ts";

export function actExpanding(action: ExpandingAction, context: ActContext, deps: ProvisioningDeps): Promise<void> {
  return action.do === "announce" ? announce(action, context) : grow(action, context, deps);
}

function announce({ claim, requiredBytes, now }: AnnounceAction, context: ActContext): Promise<void> {
  const storage = formatQuantity(requiredBytes);
  const condition: ClaimCondition = { type: resizing, status: "True", lastTransitionTime: secondsOf(now) };
  const conditions = [...withoutResizing(claim), condition];
  const progress: ResizeStatus = "ControllerResizeInProgress";
  const status = { allocatedResources: { storage }, allocatedResourceStatuses: { storage: progress }, conditions };
  return writeStatus(claim, status, context);
}

/** Grows the volume on the storage, then tells so on the volume, then on the claim, so that a crash repeats what is missing. */
async function grow(action: ExpandAction, context: ActContext, deps: ProvisioningDeps): Promise<void> {
  const { volume, claim } = action;
  const answer = await expand(action, context, deps);
  const capacityBytes = answer.capacityBytes > action.requiredBytes ? answer.capacityBytes : action.requiredBytes;
  const capacity = { storage: formatQuantity(capacityBytes) };
  if (capacityBytes > parseQuantity(volume.spec.capacity?.storage ?? "0")) {
    const patch = { metadata: { uid: volume.metadata.uid }, spec: { capacity } };
    await context.client.patch(volumes, volume.metadata, { type: "merge", patch }, { signal: context.signal });
  }
  const rest = withoutResizing(claim);
  const left: ResizeStatus = "NodeResizePending";
  const status = answer.nodeExpansionRequired
    ? { allocatedResourceStatuses: { storage: left }, conditions: [...rest, pendingOnNode(action.now)] }
    : { capacity, allocatedResourceStatuses: { storage: null }, conditions: orNone(rest) };
  await writeStatus(claim, { allocatedResources: capacity, ...status }, context);
}

/** Conditions are a list, written whole: the claim must be as it was read. */
async function writeStatus({ metadata }: Claim, status: object, { client, signal }: ActContext): Promise<void> {
  const { uid, resourceVersion } = metadata;
  const patch = { metadata: { uid, resourceVersion }, status };
  await client.patch(claims, metadata, { type: "merge", patch }, { signal, subresource: "status" });
}

async function expand(
  { volume, requiredBytes }: ExpandAction,
  context: ActContext,
  deps: ProvisioningDeps,
): Promise<ControllerExpandVolumeResponse> {
  const { spec } = volume;
  const use = {
    accessModes: spec.accessModes ?? [],
    volumeMode: spec.volumeMode ?? ("Filesystem" as const),
    fsType: spec.csi?.fsType ?? "",
    mountOptions: spec.mountOptions ?? [],
  };
  const secrets = { ...(await secretValues(spec.csi?.controllerExpandSecretRef, context)) };
  return deps.csi.controller.controllerExpandVolume(
    {
      volumeId: spec.csi?.volumeHandle ?? "",
      capacityRange: { requiredBytes },
      secrets,
      volumeCapability: widestCapability(use, deps.capabilities),
    },
    { signal: context.signal, timeoutMs: deps.options.timeoutMs },
  );
}

const ofResizing: ReadonlySet<string> = new Set([resizing, resizePending]);

/** In a merge patch null removes the field. */
function orNone(conditions: readonly ClaimCondition[]): readonly ClaimCondition[] | null {
  return conditions.length > 0 ? conditions : null;
}

function withoutResizing(claim: Claim): readonly ClaimCondition[] {
  return (claim.status?.conditions ?? []).filter(({ type }) => !ofResizing.has(type));
}

function pendingOnNode(now: Date): ClaimCondition {
  const message = "the volume has grown; its node has still to make the new size usable";
  return { type: resizePending, status: "True", message, lastTransitionTime: secondsOf(now) };
}

/** Kubernetes' times have whole seconds. */
function secondsOf(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
