/** The versions of the group kinds, oldest first, and in what their schemas differ. */
export type GroupVersion = "v1alpha1" | "v1beta1" | "v1beta2" | "v1";

export const groupVersions: readonly GroupVersion[] = ["v1alpha1", "v1beta1", "v1beta2", "v1"];

/** In which the API server keeps objects: what upstream stores too, so that a cluster can go back to it. */
export const storedGroupVersion: GroupVersion = "v1beta2";

/** Versions whose users are told to move on. */
export const deprecatedGroupVersions: readonly GroupVersion[] = ["v1alpha1", "v1beta1"];

/** From v1beta2 on what describes a cut cannot be changed after it: driver, class, reference, handles, class objects. */
export function isStrict(version: GroupVersion): boolean {
  return version === "v1beta2" || version === "v1";
}
