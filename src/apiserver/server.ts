import { setMaxListeners } from "node:events";
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import type { JsonObject } from "../lib/json.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { openReviews } from "./admission/reviews.ts";
import { openAuth } from "./auth/auth.ts";
import { type Credentials, loadCredentials } from "./auth/credentials.ts";
import { loadLibrary } from "./cel/library.ts";
import { lockDataFolder } from "./config/data-folder.ts";
import { writeKubeconfig } from "./config/kubeconfig.ts";
import type { Converters } from "./crd/custom-kind.ts";
import { collectGarbage } from "./gc/collector.ts";
import { documentsOf } from "./http/documents.ts";
import { type Intercept, requestHandler } from "./http/handler.ts";
import { type Listener, listen } from "./http/listen.ts";
import { serveResource } from "./http/resource.ts";
import { builtInKinds } from "./kinds/built-in.ts";
import { claimRules, claimsId } from "./lifecycle/claims.ts";
import {
  definitionRules,
  definitionsId,
  ensureDefinitions,
  resumeDefinitions,
  serveDefinitions,
} from "./lifecycle/definitions.ts";
import { emptyNamespaces, ensureNamespaces, namespaceRules, namespacesId } from "./lifecycle/namespaces.ts";
import { claimProtection, protecting, volumeProtection, volumesId } from "./lifecycle/protection.ts";
import { createRegistry } from "./registry.ts";
import { openLog } from "./store/log.ts";
import { openStore, type Store, type Window } from "./store/store.ts";
import type { ResourceRules } from "./verbs/verb.ts";
import { WatchHub } from "./watch/hub.ts";

export interface ApiServerOptions {
  /** Made if absent, with mode 0700; one process at a time. */
  readonly dataDir: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Loopback unless told otherwise. */
  readonly host?: string;
  /** Custom resource definitions to be there, created or updated, before the server answers. */
  readonly crds: readonly JsonObject[];
  /** How objects of custom kinds become those of another version; only apiVersion changes where there is none. */
  readonly converters?: Converters;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly intercept?: Intercept;
  /** New claims and volumes get the finalizers that keep them while in use, which somebody beside the server takes off. */
  readonly protectInUse?: boolean;
  /** How much of the past watches and pages can ask for; for tests of what happens beyond it. */
  readonly window?: Window;
}

export interface ApiServer {
  readonly url: string;
  readonly port: number;
  readonly kubeconfigPath: string;
  readonly caPem: string;
  readonly adminToken: string;
  readonly clientCertPem: string;
  readonly clientKeyPem: string;
  /** Ends all requests and watches, makes the last writes durable, and lets go of the data folder. */
  close(): Promise<void>;
}

/**
 * Starts a Kubernetes API on this machine, and writes a kubeconfig for it to DATADIR/kubeconfig.
 *
 * @throws Failure "busy" if another process holds the folder, "exists" if the port is taken, "precondition" if the data
 *   in the folder is damaged
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const unlock = await lockDataFolder(options.dataDir);
  try {
    return await start(options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function start(options: ApiServerOptions, unlock: () => void): Promise<ApiServer> {
  const { dataDir, clock, random, host = "127.0.0.1" } = options;
  const names = [...new Set(["localhost", "127.0.0.1", host])];
  const folder = join(dataDir, "pki");
  const [credentials] = await Promise.all([
    loadCredentials({ folder, names, now: clock.now(), random }),
    options.crds.length > 0 ? loadLibrary() : undefined, // their rules need it at once
  ]);
  const store = openStore(await openLog(join(dataDir, "api.db")), options.window);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // each watch listens to it
  const listener = await serve(options, { credentials, store, closing: closing.signal }).catch((error: unknown) => {
    store.close();
    throw error;
  });
  const url = `https://${host}:${listener.port}`;
  const { authority, admin, adminToken } = credentials;
  const parts = { caPem: authority.certPem, clientCertPem: admin.certPem, clientKeyPem: admin.keyPem };
  const kubeconfigPath = join(dataDir, "kubeconfig");
  writeKubeconfig(kubeconfigPath, { url, ...parts, token: adminToken });
  let closed: Promise<void> | undefined;
  const close = async () => {
    closing.abort();
    await listener.close();
    store.close();
    unlock();
  };
  return { url, port: listener.port, kubeconfigPath, ...parts, adminToken, close: () => (closed ??= close()) };
}

interface Parts {
  readonly credentials: Credentials;
  readonly store: Store;
  readonly closing: AbortSignal;
}

async function serve(options: ApiServerOptions, { credentials, store, closing }: Parts): Promise<Listener> {
  const { clock, random, log, host = "127.0.0.1", port, converters = new Map() } = options;
  const registry = createRegistry(builtInKinds());
  const hub = new WatchHub(store, clock);
  const ofClaims = claimRules(store);
  const rules = new Map<string, ResourceRules>([
    [namespacesId, namespaceRules],
    [claimsId, options.protectInUse ? protecting(claimProtection, ofClaims) : ofClaims],
    [volumesId, options.protectInUse ? protecting(volumeProtection) : {}],
    [definitionsId, definitionRules(store, clock)],
  ]);
  const api = { store, registry, clock, random, hub, rules, converters };
  serveDefinitions(api);
  ensureNamespaces(api);
  await ensureDefinitions(api, options.crds);
  collectGarbage(api, log);
  emptyNamespaces(api);
  resumeDefinitions(api);
  const auth = openAuth(api, credentials);
  const reviewOf = openReviews(api, ({ user }) => auth.ownReview(user));
  const serving = { ...api, answers: auth.answers, demand: auth.demand, reviewOf };
  const handler = requestHandler({
    store,
    clock,
    log,
    auth,
    intercept: options.intercept,
    resource: (call) => serveResource(serving, call),
    document: documentsOf(registry, auth.documents),
    closing,
  });
  void hub.run(closing);
  return listen({ host, port, credentials, handler });
}
