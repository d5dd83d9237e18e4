import { deletionSecretName, deletionSecretNamespace } from "../../../api/annotations.ts";
import {
  isProblem,
  type Problem,
  parseClassParameters,
  type SecretAt,
  secretOf,
} from "../../../api/class-parameters.ts";
import { contentFinalizer } from "../../../api/finalizers.ts";
import { volumeHandle } from "../../../api/handles.ts";
import { contentNameOf } from "../../../api/names.ts";
import { contents } from "../../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotClass, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { Volume } from "../../../kube/core/volume.ts";
import { apiVersionOf, type Draft } from "../../../kube/object.ts";
import { referenceTo } from "../../pairing/binding.ts";

type ContentDraft = Draft<SnapshotContent> & { readonly metadata: { readonly name: string } };

/** The content for a snapshot of a claim's volume, complete as it is created. */
export function contentFor(snapshot: Snapshot, snapshotClass: SnapshotClass, volume: Volume): ContentDraft {
  const secret = deletionSecretOf(snapshot, snapshotClass);
  return {
    apiVersion: apiVersionOf(contents),
    kind: contents.kind,
    metadata: {
      name: contentNameOf(snapshot),
      finalizers: [contentFinalizer],
      ...(secret && !isProblem(secret) && { annotations: annotationsFor(secret) }),
    },
    spec: {
      driver: snapshotClass.driver,
      deletionPolicy: snapshotClass.deletionPolicy,
      volumeSnapshotClassName: snapshotClass.metadata.name,
      volumeSnapshotRef: referenceTo(snapshot),
      source: { volumeHandle: volumeHandle(volume.spec.csi?.volumeHandle ?? "") },
      sourceVolumeMode: volume.spec.volumeMode ?? "Filesystem",
    },
  };
}

/** The secret for the driver's calls, if the class has one. It is kept on the content: the class may go before it. */
export function deletionSecretOf(snapshot: Snapshot, snapshotClass: SnapshotClass): SecretAt | Problem | undefined {
  const parameters = parseClassParameters(snapshotClass.parameters);
  if (isProblem(parameters)) return parameters;
  const template = parameters.secrets.snapshotter;
  if (!template) return undefined;
  const { name, namespace = "" } = snapshot.metadata;
  return secretOf(template, {
    kind: "volumesnapshot",
    contentName: contentNameOf(snapshot),
    snapshot: { name, namespace },
  });
}

function annotationsFor(secret: SecretAt): Readonly<Record<string, string>> {
  return { [deletionSecretName]: secret.name, [deletionSecretNamespace]: secret.namespace };
}
