import type { KubeObject, Resource } from "../kube/object.ts";

/** What tests read of an event. */
export interface SaidEvent extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

export const events: Resource<SaidEvent> = {
  group: "",
  version: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
};
