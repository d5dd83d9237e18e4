import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CreateVolumeRequestSchema } from "../../csi/gen/csi_pb.js";
import { volumeCapabilities } from "../../csi/volume-capability.ts";
import type { SecretRef } from "../../kube/core/volume.ts";
import { parseQuantity } from "../../kube/quantity.ts";
import { volumeNameOf } from "../names.ts";
import { type ClassParameters, type Problem, parametersFor } from "../parameters.ts";
import type { CreatingSeen } from "./observe.ts";
import { sourceHandle } from "./source.ts";

/** What the driver is asked for, but for the values of the secret. */
export interface Order {
  readonly request: MessageInitShape<typeof CreateVolumeRequestSchema> & object;
  readonly secret: SecretRef | undefined;
  readonly parameters: ClassParameters;
}

/**
 * The order for a claim's volume. The same claim yields the same order, so that a repeated call finds the first one's
 * volume. A claim that is undone may have lost its class: what is known of it must do.
 */
export function orderOf(seen: CreatingSeen): Order | Problem {
  const { claim, storageClass, capabilities, options } = seen;
  const { namespace = "", name, annotations = {} } = claim.metadata;
  const volumeName = volumeNameOf(claim);
  const parameters = parametersFor(storageClass?.parameters ?? {}, { volumeName, namespace, name, annotations });
  if ("problem" in parameters) return parameters;
  const { requests, limits } = claim.spec.resources ?? {};
  const use = {
    accessModes: claim.spec.accessModes ?? [],
    volumeMode: claim.spec.volumeMode ?? "Filesystem",
    fsType: parameters.fsType,
    mountOptions: storageClass?.mountOptions ?? [],
  };
  const names = { "pvc/name": name, "pvc/namespace": namespace, "pv/name": volumeName };
  return {
    secret: parameters.secrets.provisioner,
    parameters,
    request: {
      name: volumeName,
      capacityRange: {
        requiredBytes: parseQuantity(requests?.storage ?? "0"),
        limitBytes: parseQuantity(limits?.storage ?? "0"),
      },
      volumeCapabilities: volumeCapabilities(use, capabilities),
      parameters: { ...parameters.forDriver, ...(options.extraCreateMetadata ? prefixed(names) : {}) },
      ...contentSource(seen),
      ...requirement(seen),
    },
  };
}

function prefixed(names: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(names).map(([key, value]) => [`csi.storage.k8s.io/${key}`, value]));
}

function contentSource({ source }: CreatingSeen) {
  const handle = sourceHandle(source);
  if (handle === undefined) return {};
  const type =
    source.kind === "snapshot"
      ? { case: "snapshot" as const, value: { snapshotId: handle } }
      : { case: "volume" as const, value: { volumeId: handle } };
  return { volumeContentSource: { type } };
}

function requirement({ places }: CreatingSeen) {
  if (places.kind !== "somewhere") return {};
  const topologies = places.requisite.map((segments) => ({ segments: { ...segments } }));
  return { accessibilityRequirements: { requisite: topologies, preferred: topologies } };
}
