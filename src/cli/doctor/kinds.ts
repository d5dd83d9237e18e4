import { definitions as lifeCycle } from "../../kube/core/definition.ts";
import { pods as ofVolumes } from "../../kube/core/pod.ts";
import type { KubeObject, Resource } from "../../kube/object.ts";
import type { DefinitionSeen, PodSeen } from "./observed.ts";

/** Kinds of which the doctor reads more than others do, or which only it reads. */
export const definitions: Resource<DefinitionSeen> = { ...lifeCycle, object: undefined as never };
export const pods: Resource<PodSeen> = { ...ofVolumes, object: undefined as never };

export const csiDrivers: Resource = {
  group: "storage.k8s.io",
  version: "v1",
  plural: "csidrivers",
  kind: "CSIDriver",
  namespaced: false,
};

export const services: Resource = { group: "", version: "v1", plural: "services", kind: "Service", namespaced: true };

export interface EndpointSlice extends KubeObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
}

export const endpointSlices: Resource<EndpointSlice> = {
  group: "discovery.k8s.io",
  version: "v1",
  plural: "endpointslices",
  kind: "EndpointSlice",
  namespaced: true,
};
