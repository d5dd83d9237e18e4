import type { KubeObject } from "../object.ts";

/** True when this answer to a deletion was the last of the object: finalizers, or a pod's grace period, keep it. */
export function isGone(answer: KubeObject): boolean {
  const { finalizers, deletionTimestamp, deletionGracePeriodSeconds } = answer.metadata;
  const stays = (finalizers?.length ?? 0) > 0 || (deletionGracePeriodSeconds ?? 0) > 0;
  return !(deletionTimestamp && stays);
}
