import type { Client } from "../kube/client/client.ts";
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

/** What was said of an object until now. */
export async function saidOf(
  client: Pick<Client, "list">,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { items } = await client.list(events, { namespace, signal });
  return items.flatMap(({ involvedObject, message }) => (involvedObject.name === name ? [message] : []));
}
