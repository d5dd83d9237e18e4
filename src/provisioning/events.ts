import type { EventValue } from "../kube/controller/plan.ts";
import type { KubeObject } from "../kube/object.ts";

/** Reasons that users of external-provisioner and external-resizer know. */
export const reasons = {
  provisioned: "ProvisioningSucceeded",
  provisioningFailed: "ProvisioningFailed",
  waiting: "Provisioning",
  elsewhere: "ProvisioningElsewhere",
  populator: "WaitingForPopulator",
  deletionFailed: "VolumeFailedDelete",
  resized: "VolumeResizeSuccessful",
  nodeResizeNeeded: "FileSystemResizeRequired",
  resizeFailed: "VolumeResizeFailed",
} as const;

export function normal(regarding: KubeObject, reason: string, message: string): EventValue {
  return { type: "Normal", reason, message, regarding };
}

export function warning(regarding: KubeObject, reason: string, message: string): EventValue {
  return { type: "Warning", reason, message, regarding };
}
