import type { JsonObject } from "../../lib/json.ts";
import { collectionOf } from "../registry.ts";
import type { Store } from "../store/store.ts";
import { metadataOf, type Stored } from "../store/stored.ts";
import type { ResourceRules } from "../verbs/verb.ts";

export const claimsId = collectionOf("", "persistentvolumeclaims");
const classesId = collectionOf("storage.k8s.io", "storageclasses");

const isDefault = "storageclass.kubernetes.io/is-default-class";
/** How a class was named before it had a field. */
const oldClass = "volume.beta.kubernetes.io/storage-class";

/** A claim that names no class gets the default one, the newest if there are several. */
export function claimRules(store: Store): ResourceRules {
  return {
    complete: (claim, { old }) => {
      const spec = (claim.spec ?? {}) as JsonObject; // admitted by the schema
      if (old || spec.storageClassName !== undefined || metadataOf(claim).annotations?.[oldClass]) return claim;
      const found = defaultClass(store);
      return found ? { ...claim, spec: { ...spec, storageClassName: found.key.name } } : claim;
    },
  };
}

function defaultClass(store: Store): Stored | undefined {
  return store
    .collection(classesId)
    .list()
    .filter((stored) => stored.metadata.annotations?.[isDefault] === "true")
    .reduce<Stored | undefined>((newest, stored) => (newest && !isNewer(stored, newest) ? newest : stored), undefined);
}

const isNewer = (a: Stored, b: Stored) => a.metadata.creationTimestamp > b.metadata.creationTimestamp;
