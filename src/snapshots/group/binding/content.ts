import { groupDeletionSecretName, groupDeletionSecretNamespace } from "../../../api/annotations.ts";
import {
  isProblem,
  type Problem,
  parseClassParameters,
  type SecretContext,
  secretOf,
  secretsProblem,
} from "../../../api/class-parameters.ts";
import { groupContentFinalizer } from "../../../api/finalizers.ts";
import { groupContents } from "../../../api/group-snapshot/resources.ts";
import type { GroupSnapshot, GroupSnapshotClass, GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import { volumeHandle } from "../../../api/handles.ts";
import { managedBy } from "../../../api/labels.ts";
import { groupContentNameOf } from "../../../api/names.ts";
import type { Volume } from "../../../kube/core/volume.ts";
import { apiVersionOf, type Draft } from "../../../kube/object.ts";
import { referenceTo } from "../../pairing/binding.ts";
import type { Place } from "../../pairing/place.ts";

/** A content whose name was computed. */
export type NewContent = Draft<GroupSnapshotContent> & { readonly metadata: { readonly name: string } };

/** The content that asks the sidecar for a group's cut, complete from its first moment. */
export function contentFor(
  group: GroupSnapshot,
  groupClass: GroupSnapshotClass,
  volumes: readonly Volume[],
  place: Place = { is: "anywhere" },
): NewContent | Problem {
  const annotations = deletionSecretOf(group, groupClass);
  if (isProblem(annotations)) return annotations;
  return {
    apiVersion: apiVersionOf(groupContents),
    kind: groupContents.kind,
    metadata: {
      name: groupContentNameOf(group),
      finalizers: [groupContentFinalizer],
      annotations,
      ...(place.is === "node" && { labels: { [managedBy]: place.name } }),
    },
    spec: {
      driver: groupClass.driver,
      deletionPolicy: groupClass.deletionPolicy,
      volumeGroupSnapshotClassName: groupClass.metadata.name,
      volumeGroupSnapshotRef: referenceTo(group),
      source: { volumeHandles: volumes.flatMap(({ spec }) => (spec.csi ? volumeHandle(spec.csi.volumeHandle) : [])) },
    },
  };
}

/** Which secret deletes the group, kept on the content: the class may be gone by then. */
function deletionSecretOf(
  group: GroupSnapshot,
  groupClass: GroupSnapshotClass,
): Readonly<Record<string, string>> | Problem {
  const parameters = parseClassParameters(groupClass.parameters);
  if (isProblem(parameters)) return parameters;
  const context = secretContextOf(group, groupContentNameOf(group));
  const problem = secretsProblem(parameters, ["groupSnapshotterGet"], context);
  if (problem) return problem;
  const template = parameters.secrets.groupSnapshotter;
  if (!template) return {};
  const secret = secretOf(template, context);
  if (isProblem(secret)) return secret;
  return { [groupDeletionSecretName]: secret.name, [groupDeletionSecretNamespace]: secret.namespace };
}

function secretContextOf(group: GroupSnapshot, contentName: string): SecretContext {
  const { name, namespace = "" } = group.metadata;
  return { kind: "volumegroupsnapshot", contentName, snapshot: { name, namespace } };
}
