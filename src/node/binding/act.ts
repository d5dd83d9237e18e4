import type { ActContext } from "../../kube/controller/controller.ts";
import { claims } from "../../kube/core/claim.ts";
import { boundByControllerAnnotation, claimProtection } from "../../kube/core/names.ts";
import { volumes } from "../../kube/core/volume.ts";
import { removeFinalizer } from "../../kube/writes.ts";
import type { BindingAction } from "./decide.ts";

export async function actBinding(action: BindingAction, context: ActContext): Promise<void> {
  const { client, signal } = context;
  switch (action.do) {
    case "patchClaim": {
      const { finalizers, annotations, spec } = action.change;
      const { uid, resourceVersion } = action.claim.metadata;
      const metadata = { uid, resourceVersion, ...(finalizers && { finalizers }), ...(annotations && { annotations }) };
      const patch = { metadata, ...(spec && { spec }) };
      await client.patch(claims, action.claim.metadata, { type: "merge", patch }, { signal });
      return;
    }
    case "unprotectClaim":
      return removeFinalizer(claims, action.claim, claimProtection, context);
    case "reserveVolume":
      return reserve(action, context);
    case "writeClaimStatus": {
      const { uid, resourceVersion } = action.claim.metadata;
      const patch = { metadata: { uid, resourceVersion }, status: action.status };
      await client.patch(claims, action.claim.metadata, { type: "merge", patch }, { signal, subresource: "status" });
      return;
    }
    default:
      return action satisfies never;
  }
}

/** On the version that was read: of two claims that want one volume, one is told to look again. */
async function reserve(
  { volume, claim }: Extract<BindingAction, { readonly do: "reserveVolume" }>,
  { client, signal }: ActContext,
): Promise<void> {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const claimRef = { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid, resourceVersion };
  const found = volume.spec.claimRef === undefined ? { annotations: { [boundByControllerAnnotation]: "yes" } } : {};
  const metadata = { uid: volume.metadata.uid, resourceVersion: volume.metadata.resourceVersion, ...found };
  await client.patch(volumes, volume.metadata, { type: "merge", patch: { metadata, spec: { claimRef } } }, { signal });
}
