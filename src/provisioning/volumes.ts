import { retryOf } from "../csi/status.ts";
import type { Reconciler } from "../kube/controller/controller.ts";
import type { Volume } from "../kube/core/volume.ts";
import { isHere, type ProvisioningDeps } from "./deps.ts";
import { actReleasing } from "./releasing/act.ts";
import { decideReleasing, type ReleasingAction, type ReleasingSeen } from "./releasing/decide.ts";
import { showFailure } from "./releasing/failure.ts";

/** Deletes volumes that were made for claims which are gone, if their policy says so. */
export function volumeReleaser(deps: ProvisioningDeps): Reconciler<Volume, ReleasingSeen, ReleasingAction> {
  return {
    name: "provisioner-volume",
    kind: deps.caches.volumes,
    watches: [],
    observe: (volume) => ({ volume, driver: deps.capabilities.driver, isHere: isHere(volume, deps.options) }),
    decide: decideReleasing,
    act: (action, context) => actReleasing(action, context, deps),
    onFailure: showFailure,
    factsOf: ({ volume: { spec, status, metadata } }) => [
      spec,
      status?.phase,
      metadata.deletionTimestamp !== undefined,
    ],
    retryOf,
  };
}
