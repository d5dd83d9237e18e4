import { claim } from "./claim.ts";
import { configMap, lease, namespace, secret, serviceAccount } from "./core.ts";
import { customResourceDefinition } from "./custom-resource-definition.ts";
import { builtInKind, type KindDefinition } from "./define.ts";
import { coreEvent, newEvent } from "./event.ts";
import type { Kind } from "./kind.ts";
import { node } from "./node.ts";
import { pod } from "./pod.ts";
import { clusterRole, clusterRoleBinding, role, roleBinding } from "./rbac.ts";
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenReview,
} from "./reviews.ts";
import { csiDriver, csiNode, storageCapacity, storageClass, volumeAttachment } from "./storage.ts";
import { volume } from "./volume.ts";
import { mutatingWebhooks, validatingWebhooks } from "./webhooks.ts";
import { deployment, statefulSet } from "./workloads.ts";

const definitions: readonly KindDefinition[] = [
  namespace,
  configMap,
  secret,
  serviceAccount,
  coreEvent,
  newEvent,
  node,
  pod,
  volume,
  claim,
  lease,
  storageClass,
  csiDriver,
  csiNode,
  storageCapacity,
  volumeAttachment,
  role,
  clusterRole,
  roleBinding,
  clusterRoleBinding,
  tokenReview,
  selfSubjectReview,
  subjectAccessReview,
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  validatingWebhooks,
  mutatingWebhooks,
  deployment,
  statefulSet,
  customResourceDefinition,
];

/** The kinds the server has from the start: those of the volume world, and what every client expects. */
export function builtInKinds(): readonly Kind[] {
  return definitions.map(builtInKind);
}
