import type { Csi } from "../csi/client.ts";
import type { Client } from "../kube/client/client.ts";
import type { Resource } from "../kube/object.ts";

/**
 * Ends a process in the middle: after so many writes to the API and calls that change something on the driver, the last
 * of them done but never answered, as when the process is killed.
 */
export interface Fuse {
  readonly isBlown: boolean;
  /** Stands between a process and its API. */
  client(client: Client): Client;
  /** Stands between a process and its driver. */
  csi(csi: Csi): Csi;
}

/** @param effects after how many of them it blows; Infinity never does */
export function fuseOf(effects: number, blow: () => void): Fuse {
  let left = effects;
  const spent = async <T>(effect: () => Promise<T>): Promise<T> => {
    if (left <= 0) return new Promise<T>(() => undefined); // a dead process does nothing, and hears nothing
    left--;
    const answer = await effect();
    if (left > 0) return answer;
    blow();
    return new Promise<T>(() => undefined);
  };
  const counted = <T>({ kind }: Resource, effect: () => Promise<T>) => (beside.has(kind) ? effect() : spent(effect));
  return {
    get isBlown() {
      return left <= 0;
    },
    client: (client) => ({
      get: (resource, at, call) => client.get(resource, at, call),
      find: (resource, at, call) => client.find(resource, at, call),
      list: (resource, call) => client.list(resource, call),
      watch: (resource, call) => client.watch(resource, call),
      raw: (request) => client.raw(request),
      create: (resource, draft, call) => counted(resource, () => client.create(resource, draft, call)),
      update: (resource, object, call) => counted(resource, () => client.update(resource, object, call)),
      updateStatus: (resource, object, call) => counted(resource, () => client.updateStatus(resource, object, call)),
      patch: (resource, at, patch, call) => counted(resource, () => client.patch(resource, at, patch, call)),
      delete: (resource, at, call) => counted(resource, () => client.delete(resource, at, call)),
    }),
    csi: (csi) => ({
      ...csi,
      controller: through(csi.controller, spent),
      groupController: through(csi.groupController, spent),
      node: through(csi.node, spent),
    }),
  };
}

/** Kinds that nothing depends on being written at a certain moment: events, and a node that says that it is there. */
const beside: ReadonlySet<string> = new Set(["Event", "Node", "CSINode"]);

type Spend = <T>(effect: () => Promise<T>) => Promise<T>;

/** Calls that only ask cost nothing. */
const asks = /get|list|validate|probe/i;

function through<Calls extends object>(calls: Calls, spent: Spend): Calls {
  const wrapped = Object.entries(calls).map(([name, call]) => [
    name,
    asks.test(name) ? call : (...given: unknown[]) => spent(() => call(...given)),
  ]);
  return Object.fromEntries(wrapped) as Calls; // the same names, with the same requests and answers
}
