import { publishedPathAnnotation } from "../../api/local-driver.ts";
import type { ActContext } from "../../kube/controller/controller.ts";
import { claims } from "../../kube/core/claim.ts";
import { resizePending, resizing } from "../../kube/core/names.ts";
import { secretValues } from "../../kube/core/secret-values.ts";
import { formatQuantity, parseQuantity } from "../../kube/quantity.ts";
import { annotate } from "../../kube/writes.ts";
import { isFailure } from "../../lib/failure.ts";
import type { NodeDeps } from "../deps.ts";
import type { PublishingAction } from "./decide.ts";
import { capabilityOf, publish, unpublish } from "./on-machine.ts";

/** Claims whose volume the driver was told to publish by this process. */
export type PublishedHere = Set<string>;

export async function actPublishing(
  action: PublishingAction,
  context: ActContext,
  { deps, published }: { readonly deps: NodeDeps; readonly published: PublishedHere },
): Promise<void> {
  switch (action.do) {
    case "publish":
      await publish(action, context, deps);
      published.add(action.record.claimUid);
      return;
    case "unpublish":
      published.delete(action.record.claimUid);
      return unpublish(action.record, context.signal, deps);
    case "annotate":
      return annotatePath(action, context);
    case "expand":
      return expand(action, context, deps);
    default:
      return action satisfies never;
  }
}

async function annotatePath(
  { claim, path }: Extract<PublishingAction, { readonly do: "annotate" }>,
  context: ActContext,
): Promise<void> {
  try {
    await annotate(claims, claim, { [publishedPathAnnotation]: path }, context);
  } catch (error) {
    if (!(path === null && isFailure(error, "notFound"))) throw error; // the claim was forced away
  }
}

/** Lets the machine use the new size, then tells the claim that it has it. */
async function expand(
  { claim, volume, record }: Extract<PublishingAction, { readonly do: "expand" }>,
  context: ActContext,
  deps: NodeDeps,
): Promise<void> {
  const requiredBytes = parseQuantity(volume.spec.capacity?.storage ?? "0");
  if (deps.capabilities.node.has("EXPAND_VOLUME"))
    await deps.csi.node.nodeExpandVolume(
      {
        volumeId: record.volumeHandle,
        volumePath: record.targetPath,
        stagingTargetPath: record.stagingPath,
        capacityRange: { requiredBytes },
        volumeCapability: capabilityOf(volume, deps),
        secrets: await secretValues(volume.spec.csi?.nodeExpandSecretRef, context),
      },
      { signal: context.signal, timeoutMs: deps.options.timeoutMs },
    );
  const { uid, resourceVersion } = claim.metadata;
  const capacity = { storage: formatQuantity(requiredBytes) };
  const conditions = (claim.status?.conditions ?? []).filter(({ type }) => type !== resizePending && type !== resizing);
  const allocatedResourceStatuses = { storage: null };
  const status = { capacity, allocatedResourceStatuses, conditions: conditions.length > 0 ? conditions : null };
  const patch = { metadata: { uid, resourceVersion }, status };
  const call = { signal: context.signal, subresource: "status" as const };
  await context.client.patch(claims, claim.metadata, { type: "merge", patch }, call);
}
