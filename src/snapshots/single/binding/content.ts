import { deletionSecretName, deletionSecretNamespace } from "../../../api/annotations.ts";
import {
  isProblem,
  type Problem,
  parseClassParameters,
  type SecretAt,
  secretOf,
  secretsProblem,
} from "../../../api/class-parameters.ts";
import { contentFinalizer } from "../../../api/finalizers.ts";
import { volumeHandle } from "../../../api/handles.ts";
import { managedBy } from "../../../api/labels.ts";
import { contentNameOf } from "../../../api/names.ts";
import { contents } from "../../../api/snapshot/resources.ts";
import type { Snapshot, SnapshotClass, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { Volume } from "../../../kube/core/volume.ts";
import { apiVersionOf, type Draft } from "../../../kube/object.ts";
import { referenceTo } from "../../pairing/binding.ts";
import type { Place } from "../../pairing/place.ts";

type ContentDraft = Draft<SnapshotContent> & { readonly metadata: { readonly name: string } };

interface Terms {
  readonly snapshotClass: SnapshotClass;
  readonly volume: Volume;
  readonly place: Place;
  /** The content tells the volume's mode. */
  readonly tellsMode: boolean;
}

/** The content for a snapshot of a claim's volume, complete as it is created. */
export function contentFor(snapshot: Snapshot, { snapshotClass, volume, place, tellsMode }: Terms): ContentDraft {
  const secret = deletionSecretOf(snapshot, snapshotClass);
  return {
    apiVersion: apiVersionOf(contents),
    kind: contents.kind,
    metadata: {
      name: contentNameOf(snapshot),
      finalizers: [contentFinalizer],
      ...(secret && !isProblem(secret) && { annotations: annotationsFor(secret) }),
      ...(place.is === "node" && { labels: { [managedBy]: place.name } }),
    },
    spec: {
      driver: snapshotClass.driver,
      deletionPolicy: snapshotClass.deletionPolicy,
      volumeSnapshotClassName: snapshotClass.metadata.name,
      volumeSnapshotRef: referenceTo(snapshot),
      source: { volumeHandle: volumeHandle(volume.spec.csi?.volumeHandle ?? "") },
      ...(tellsMode && { sourceVolumeMode: volume.spec.volumeMode ?? "Filesystem" }),
    },
  };
}

/** The secret for the driver's calls, if the class has one. It is kept on the content: the class may go before it. */
export function deletionSecretOf(snapshot: Snapshot, snapshotClass: SnapshotClass): SecretAt | Problem | undefined {
  const parameters = parseClassParameters(snapshotClass.parameters);
  if (isProblem(parameters)) return parameters;
  const { name, namespace = "" } = snapshot.metadata;
  const context = {
    kind: "volumesnapshot",
    contentName: contentNameOf(snapshot),
    snapshot: { name, namespace },
  } as const;
  const template = parameters.secrets.snapshotter;
  return secretsProblem(parameters, ["snapshotterList"], context) ?? (template && secretOf(template, context));
}

function annotationsFor(secret: SecretAt): Readonly<Record<string, string>> {
  return { [deletionSecretName]: secret.name, [deletionSecretNamespace]: secret.namespace };
}
