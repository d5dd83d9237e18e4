import type { ActContext } from "../../kube/controller/controller.ts";
import { secretValues } from "../../kube/core/secret-values.ts";
import { volumes } from "../../kube/core/volume.ts";
import { deleteObject, removeFinalizer } from "../../kube/writes.ts";
import { isFailure } from "../../lib/failure.ts";
import type { ProvisioningDeps } from "../deps.ts";
import { volumeFinalizer } from "../names.ts";
import type { ReleasingAction } from "./decide.ts";

export function actReleasing(action: ReleasingAction, context: ActContext, deps: ProvisioningDeps): Promise<void> {
  switch (action.do) {
    case "deleteOnStorage":
      return deleteOnStorage(action, context, deps);
    case "deleteObject":
      return deleteObject(volumes, action.volume, context);
    case "unprotectVolume":
      return removeFinalizer(volumes, action.volume, volumeFinalizer, context);
    default:
      return action satisfies never;
  }
}

async function deleteOnStorage(
  { handle, secret }: Extract<ReleasingAction, { readonly do: "deleteOnStorage" }>,
  context: ActContext,
  deps: ProvisioningDeps,
): Promise<void> {
  const secrets = { ...(await secretValues(secret, context)) };
  const call = { signal: context.signal, timeoutMs: deps.options.timeoutMs };
  try {
    await deps.csi.controller.deleteVolume({ volumeId: handle, secrets }, call);
  } catch (error) {
    if (!isFailure(error, "notFound")) throw error; // some drivers say so of what is gone already
  }
}
