import { join } from "node:path";
import type { Client } from "../kube/client/client.ts";
import type { KubeClient } from "../kube/client/kube-client.ts";
import { waitFor } from "../kube/client/wait.ts";
import { type Claim, type ClaimSpec, claims } from "../kube/core/claim.ts";
import { namespaces } from "../kube/core/namespace.ts";
import type { At, KubeObject, Resource } from "../kube/object.ts";
import { connect } from "../processes/connect.ts";
import { clusterArgs, program } from "./program.ts";
import { events, type SaidEvent } from "./said-events.ts";

/** `groupsnap start` of the built program, as a user has it: nothing is known of it but its API and its folder. */
export interface UserCluster extends User {
  readonly client: KubeClient;
  readonly kubeconfig: string;
  readonly dataDir: string;
  /** What it has logged, the last of it. */
  log(): string;
  stop(): Promise<void>;
}

/** What a user does with a cluster. */
export interface User {
  /** An object in namespace "shop" for a namespaced kind. */
  make<T extends KubeObject>(resource: Resource<T>, name: string, rest: NewObject): Promise<T>;
  /** A claim of the default class, 1 MiB large unless told otherwise, with these labels. */
  makeClaim(name: string, labels?: Readonly<Record<string, string>>, spec?: Partial<ClaimSpec>): Promise<Claim>;
  until<T extends KubeObject>(resource: Resource<T>, name: string, is: (object: T) => boolean): Promise<T>;
  bound(name: string): Promise<Claim>;
  merge<T extends KubeObject>(resource: Resource<T>, name: string, patch: object): Promise<T>;
  remove(resource: Resource, name: string): Promise<void>;
  /** Waits for a warning about the object with this reason. Gives its message. */
  warning(name: string, reason: string): Promise<string>;
}

type NewObject = Readonly<Record<string, unknown>> & {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
};

const waitLimitMs = 30_000;
const shop = "shop";

const call = () => ({ signal: AbortSignal.timeout(waitLimitMs) });
const atOf = ({ namespaced }: Resource, name: string): At => (namespaced ? { namespace: shop, name } : { name });

/** Starts it in a temporary folder, with more arguments if some are given. */
export async function userCluster(...more: readonly string[]): Promise<UserCluster> {
  const groupsnap = program();
  const dataDir = join(groupsnap.folder, "d");
  const daemon = await groupsnap.start(clusterArgs(dataDir, ...more));
  const kubeconfig = daemon.ready.replace("kubeconfig ", "");
  const client = await connect({ kubeconfig, userAgent: "user" });
  await makeShop(client);
  return {
    ...userOf(client),
    client,
    kubeconfig,
    dataDir,
    log: () => daemon.log(),
    async stop() {
      client.close();
      await groupsnap.clean();
    },
  };
}

const claimSpec: ClaimSpec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } };

/** The namespace of all that a user makes. */
export async function makeShop(client: Client): Promise<void> {
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: shop } }, call());
}

export function userOf(client: Client): User {
  const words = wordsOf(client);
  return {
    ...words,
    makeClaim: (name, labels = {}, spec = {}) => words.make(claims, name, { labels, spec: { ...claimSpec, ...spec } }),
    bound: (name) => words.until(claims, name, ({ status }) => status?.phase === "Bound"),
    warning: (name, reason) => warning(client, name, reason),
  };
}

function wordsOf(client: Client): Pick<User, "make" | "until" | "merge" | "remove"> {
  return {
    make(resource, name, { labels = {}, annotations = {}, finalizers = [], ...rest }) {
      const metadata = { ...atOf(resource, name), labels, annotations, finalizers };
      const head = {
        apiVersion: resource.group ? `${resource.group}/${resource.version}` : resource.version,
        kind: resource.kind,
      };
      return client.create(resource, { ...head, metadata, ...rest } as never, call()); // the API server checks it
    },
    async until(resource, name, is) {
      const what = `${resource.kind} ${name} to be as wanted`;
      const wanted = { what, until: (object: Parameters<typeof is>[0] | undefined) => !!object && is(object) };
      const found = await waitFor(client, resource, atOf(resource, name), { ...wanted, ...call() });
      if (!found) throw new Error(`${resource.kind} ${name} is gone`);
      return found;
    },
    merge: (resource, name, patch) => client.patch(resource, atOf(resource, name), { type: "merge", patch }, call()),
    async remove(resource, name) {
      await client.delete(resource, atOf(resource, name), call());
    },
  };
}

async function warning(client: Client, name: string, reason: string): Promise<string> {
  const isIt = (event: SaidEvent) =>
    event.type === "Warning" && event.involvedObject.name === name && event.reason === reason;
  const { signal } = call();
  const { items, resourceVersion } = await client.list(events, { signal });
  const said = items.find(isIt);
  if (said) return said.message;
  for await (const event of client.watch(events, { resourceVersion, signal }))
    if (event.type !== "BOOKMARK" && isIt(event.object)) return event.object.message;
  throw new Error(`no warning ${reason} about ${name}`);
}
