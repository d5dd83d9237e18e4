import type { Volume as CsiVolume } from "../../csi/gen/csi_pb.js";
import { mayHaveHappened } from "../../csi/status.ts";
import type { ActContext } from "../../kube/controller/controller.ts";
import { type Claim, claims } from "../../kube/core/claim.ts";
import { selectedNodeAnnotation } from "../../kube/core/names.ts";
import { secretValues } from "../../kube/core/secret-values.ts";
import { type Volume, volumes } from "../../kube/core/volume.ts";
import { addFinalizer, changeObject, ensureObject, removeFinalizer } from "../../kube/writes.ts";
import { Failure, failureOf } from "../../lib/failure.ts";
import type { ProvisioningDeps } from "../deps.ts";
import { claimFinalizer } from "../names.ts";
import type { CreatingAction } from "./decide.ts";
import type { Order } from "./order.ts";
import { volumeFor } from "./volume.ts";

export function actCreating(action: CreatingAction, context: ActContext, deps: ProvisioningDeps): Promise<void> {
  switch (action.do) {
    case "assignClaim":
      return assignClaim(action, context);
    case "handBack":
      return handBack(action.claim, context);
    case "protectClaim":
      return addFinalizer(claims, action.claim, claimFinalizer, context);
    case "provision":
      return provision(action, context, deps);
    case "undo":
      return undo(action.order, context, deps);
    case "unprotectClaim":
      return removeFinalizer(claims, action.claim, claimFinalizer, context);
    default:
      return action satisfies never;
  }
}

/** @throws Failure "conflict" if the claim has changed since it was read: another node may have it */
async function assignClaim({ claim, nodeName }: Assigning, { client, signal }: ActContext): Promise<void> {
  const { uid, resourceVersion } = claim.metadata;
  const patch = { metadata: { uid, resourceVersion, annotations: { [selectedNodeAnnotation]: nodeName } } };
  await client.patch(claims, claim.metadata, { type: "merge", patch }, { signal });
}

type Assigning = Extract<CreatingAction, { readonly do: "assignClaim" }>;

/** One write: a claim without a node that still says that it is owed a volume would be undone on any of them. */
function handBack(claim: Claim, context: ActContext): Promise<void> {
  const change = {
    annotations: { [selectedNodeAnnotation]: null },
    removeFinalizers: [claimFinalizer],
    ifUnchanged: true,
  };
  return changeObject(claims, claim, change, context);
}

/** The volume on the storage, then the object for it: repeated after a crash, both find what the first time made. */
async function provision(
  { claim, storageClass, order }: Extract<CreatingAction, { readonly do: "provision" }>,
  context: ActContext,
  deps: ProvisioningDeps,
): Promise<void> {
  const volume = await createVolume(order, context, deps);
  const { parameters } = order;
  const sizeBytes = volume.capacityBytes || (order.request.capacityRange?.requiredBytes ?? 0n);
  const { driver } = deps.capabilities;
  const draft = volumeFor({ claim, storageClass, parameters, driver, volume, sizeBytes });
  const isOurs = (found: Volume) => found.spec.claimRef?.uid === claim.metadata.uid;
  await ensureObject(volumes, { draft, isOurs }, context);
}

/**
 * Asks the driver, and checks its answer: a volume that is not what was asked for is deleted again.
 *
 * @throws Failure "internal" that says what is wrong with the answer
 */
async function createVolume(order: Order, context: ActContext, deps: ProvisioningDeps): Promise<CsiVolume> {
  const call = { signal: context.signal, timeoutMs: deps.options.timeoutMs };
  const secrets = await secretValues(order.secret, context);
  const { volume } = await deps.csi.controller.createVolume({ ...order.request, secrets: { ...secrets } }, call);
  const name = order.request.name ?? "";
  if (!volume?.volumeId)
    throw new Failure("internal", `the driver answered CreateVolume for ${name} without a volume id`);
  const problem = problemOf(volume, order);
  if (problem === undefined) return volume;
  await deps.csi.controller.deleteVolume({ volumeId: volume.volumeId, secrets: { ...secrets } }, call);
  throw new Failure(
    "internal",
    `the driver's answer to CreateVolume for ${name} was wrong, the volume was deleted: ${problem}`,
  );
}

function problemOf(volume: CsiVolume, { request }: Order): string | undefined {
  const requiredBytes = request.capacityRange?.requiredBytes ?? 0n;
  if (volume.capacityBytes !== 0n && volume.capacityBytes < requiredBytes)
    return `it has ${volume.capacityBytes} bytes, ${requiredBytes} were asked for`;
  const asked = request.volumeContentSource?.type?.case;
  if (asked !== undefined && volume.contentSource?.type.case !== asked)
    return `it does not say that it was made from the ${asked}`;
  return undefined;
}

/** Removes what a create that nobody waits for any more may have made: the same create again tells its handle. */
async function undo(order: Order, context: ActContext, deps: ProvisioningDeps): Promise<void> {
  const call = { signal: context.signal, timeoutMs: deps.options.timeoutMs };
  const secrets = { ...(await secretValues(order.secret, context)) };
  const volumeId = await findMade({ ...order.request, secrets }, context, deps);
  if (volumeId) await deps.csi.controller.deleteVolume({ volumeId, secrets }, call);
}

/**
 * The handle of the order's volume. A refusal says that there is none; so does a driver that has no room for it, as one that had it
 * would answer with it.
 *
 * @throws Failure "exists" when there is one, of another order than this: its class was changed meanwhile
 */
async function findMade(request: Order["request"], context: ActContext, deps: ProvisioningDeps): Promise<string> {
  try {
    const call = { signal: context.signal, timeoutMs: deps.options.timeoutMs };
    const { volume } = await deps.csi.controller.createVolume(request, call);
    return volume?.volumeId ?? "";
  } catch (error) {
    const failure = failureOf(error);
    if (mayHaveHappened(failure) && failure.code !== "exhausted") throw failure;
    if (failure.code === "exists") {
      const remedy = `give the class its old parameters, or delete the volume by hand and take ${claimFinalizer} off the claim`;
      throw new Failure(
        "exists",
        `volume ${request.name} was made and cannot be undone: ${failure.message}; ${remedy}`,
        {
          cause: failure,
        },
      );
    }
    context.log.info({ volume: request.name, reason: failure.message }, "nothing to undo");
    return "";
  }
}
