import { collectionOf } from "../registry.ts";
import { metadataOf, withMetadata } from "../store/stored.ts";
import type { ResourceRules } from "../verbs/verb.ts";

export const volumesId = collectionOf("", "persistentvolumes");
export const claimProtection = "kubernetes.io/pvc-protection";
export const volumeProtection = "kubernetes.io/pv-protection";

/** New objects of the resource get a finalizer that keeps them while they are in use; somebody else takes it off. */
export const protecting = (finalizer: string, rules: ResourceRules = {}): ResourceRules => ({
  ...rules,
  complete(object, write) {
    const completed = rules.complete?.(object, write) ?? object;
    const metadata = metadataOf(completed);
    const { finalizers = [] } = metadata;
    if (write.old || finalizers.includes(finalizer)) return completed;
    return withMetadata(completed, { ...metadata, finalizers: [...finalizers, finalizer] });
  },
});
