import type { KubeObject, Resource } from "../object.ts";

/** A Pod, as far as volumes are concerned. */
export interface Pod extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly volumes?: readonly {
      readonly name: string;
      readonly persistentVolumeClaim?: { readonly claimName: string };
    }[];
  };
  readonly status?: { readonly phase?: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown" };
}

export const pods: Resource<Pod> = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };
