import type { RawAnswer, RawClient, RawOptions, RawWatch } from "../../../src/testing/raw-client.ts";
import type { Server } from "./server.ts";

/** What a case has of the server: requests of the cluster's admin, and a namespace of its own. */
export interface Api {
  readonly server: Server;
  readonly namespace: string;
  /** "/namespaces/NAME", for paths of resources in it. */
  readonly here: string;
  /** The path of its ConfigMaps. */
  readonly maps: string;
  /** The path of its gadgets (kinds.ts), in their stored version. */
  readonly gadgets: string;
  send(method: string, path: string, options?: RawOptions): Promise<RawAnswer>;
  get(path: string, headers?: RawOptions["headers"]): Promise<RawAnswer>;
  /** A POST that must be answered with 201. @throws Error with what was answered instead */
  make(path: string, body: object | string): Promise<Made>;
  post(path: string, body: object | string): Promise<RawAnswer>;
  put(path: string, body: object | string): Promise<RawAnswer>;
  patch(type: keyof typeof patchTypes, path: string, body: object | string): Promise<RawAnswer>;
  delete(path: string, body?: object): Promise<RawAnswer>;
  /** Opens a watch that is closed when the case ends, or `waitLimitMs` after it began. */
  watch(query: string, options?: RawOptions): Promise<RawWatch>;
}

/** An object as a server answers it. */
export interface Made {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly [key: string]: unknown;
}

export interface Metadata {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly [key: string]: unknown;
}

const patchTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** Nothing in the suite takes as long on an idle machine; what deviates may wait for it. */
export const waitLimitMs = 10_000;

/** What a case is run on. */
export interface Stage {
  readonly server: Server;
  /** Shared by all cases, so that not each has to shake hands anew. */
  readonly client: RawClient;
  readonly namespace: string;
}

/** Runs one case in a namespace of its own, and closes what it leaves open. */
export async function withApi(stage: Stage, run: (api: Api) => Promise<void>): Promise<void> {
  const watches: RawWatch[] = [];
  const close = () => watches.map((watch) => watch.close());
  const limit = setTimeout(close, waitLimitMs);
  const api = apiOf({ ...stage, watches });
  try {
    await api.make("/api/v1/namespaces", { metadata: { name: stage.namespace } });
    await run(api);
  } finally {
    clearTimeout(limit);
    close();
  }
}

interface Parts extends Stage {
  readonly watches: RawWatch[];
}

function apiOf({ server, namespace, client, watches }: Parts): Api {
  const here = `/namespaces/${namespace}`;
  const { send } = client;
  return {
    server,
    namespace,
    here,
    maps: `/api/v1${here}/configmaps`,
    gadgets: `/apis/example.net/v1${here}/gadgets`,
    send,
    get: (path, headers) => send("GET", path, headers && { headers }),
    make: async (path, body) => {
      const answer = await send("POST", path, { body });
      if (answer.code !== 201) throw new Error(`POST ${path} was answered with ${answer.code}: ${answer.text}`);
      return objectOf(answer);
    },
    post: (path, body) => send("POST", path, { body }),
    put: (path, body) => send("PUT", path, { body }),
    patch: (type, path, body) => send("PATCH", path, { body, contentType: patchTypes[type] }),
    delete: (path, body) => send("DELETE", path, body && { body }),
    watch: async (path, options) => {
      const watch = await client.watch(`${path}${path.includes("?") ? "&" : "?"}watch=1`, options);
      watches.push(watch);
      return watch;
    },
  };
}

/** The object in an answer, for cases that go on with parts of it. */
export const objectOf = ({ body }: RawAnswer) => body as unknown as Made; // what it is, the case's assertions say
