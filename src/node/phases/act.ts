import type { ActContext } from "../../kube/controller/controller.ts";
import { boundByControllerAnnotation, volumeProtection } from "../../kube/core/names.ts";
import { volumes } from "../../kube/core/volume.ts";
import { addFinalizer, removeFinalizer } from "../../kube/writes.ts";
import type { PhaseAction } from "./decide.ts";

export async function actPhase(action: PhaseAction, context: ActContext): Promise<void> {
  const { client, signal } = context;
  const { uid, resourceVersion } = action.volume.metadata;
  switch (action.do) {
    case "protectVolume":
      return addFinalizer(volumes, action.volume, volumeProtection, context);
    case "unprotectVolume":
      return removeFinalizer(volumes, action.volume, volumeProtection, context);
    case "unreserveVolume": {
      const metadata = { uid, resourceVersion, annotations: { [boundByControllerAnnotation]: null } };
      const patch = { metadata, spec: { claimRef: null } };
      await client.patch(volumes, action.volume.metadata, { type: "merge", patch }, { signal });
      return;
    }
    case "writeVolumeStatus": {
      const patch = { metadata: { uid, resourceVersion }, status: action.status };
      await client.patch(volumes, action.volume.metadata, { type: "merge", patch }, { signal, subresource: "status" });
      return;
    }
    default:
      return action satisfies never;
  }
}
