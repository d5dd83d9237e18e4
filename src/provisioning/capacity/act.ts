import type { ActContext } from "../../kube/controller/controller.ts";
import { storageCapacities } from "../../kube/core/storage-capacity.ts";
import { deleteObject, ensureObject } from "../../kube/writes.ts";
import type { CapacityAction } from "./decide.ts";

export async function actCapacity(action: CapacityAction, context: ActContext): Promise<void> {
  switch (action.do) {
    case "tell":
      return ensureObject(storageCapacities, { draft: action.capacity, isOurs: () => true }, context);
    case "correct": {
      const { metadata } = action.told;
      const { capacity, maximumVolumeSize = null } = action.capacity;
      const patch = { metadata: { uid: metadata.uid }, capacity, maximumVolumeSize };
      await context.client.patch(storageCapacities, metadata, { type: "merge", patch }, { signal: context.signal });
      return;
    }
    case "forget":
      return deleteObject(storageCapacities, action.told, context);
    default:
      return action satisfies never;
  }
}
