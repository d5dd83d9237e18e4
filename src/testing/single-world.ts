import { snapshotNaming } from "../api/names.ts";
import { classes, snapshots } from "../api/snapshot/resources.ts";
import type { Snapshot, SnapshotClass } from "../api/snapshot/types.ts";
import { capabilitiesOf } from "../csi/capabilities.ts";
import { type CacheOptions, cacheOf } from "../kube/cache/cache-of.ts";
import { httpTransport } from "../kube/client/http-transport.ts";
import { type KubeClient, kubeClient } from "../kube/client/kube-client.ts";
import { loadConfig } from "../kube/client/kubeconfig.ts";
import type { Transport } from "../kube/client/transport.ts";
import type { Reconciler } from "../kube/controller/controller.ts";
import { runController } from "../kube/controller/run-controller.ts";
import { type Claim, claims } from "../kube/core/claim.ts";
import { namespaces } from "../kube/core/namespace.ts";
import { volumes } from "../kube/core/volume.ts";
import { type At, type Draft, type KubeObject, keyOf, type Resource } from "../kube/object.ts";
import { systemClock } from "../lib/clock.ts";
import { silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { snapshotCaches } from "../snapshots/pairing/caches.ts";
import { claimProtection } from "../snapshots/pairing/claim/controller.ts";
import { singleContentController } from "../snapshots/single/content/controller.ts";
import { singleController } from "../snapshots/single/controller.ts";
import { singleCutting } from "../snapshots/single/cutting/controller.ts";
import { aClaim, aVolumeFor, boundTo } from "./objects/storage.ts";
import { type ScriptedDriver, type ScriptedDriverOptions, scriptedDriver } from "./scripted-driver.ts";

/** A namespace with a bound claim "data", a driver and a class of its own, and the controllers of single snapshots. */
export interface SingleWorld {
  readonly client: KubeClient;
  readonly driver: ScriptedDriver;
  readonly namespace: string;
  readonly signal: AbortSignal;
  /** How many writes the test and the controllers have asked of the API. */
  writes(): number;
  /** Starts snapshot-controller and sidecar; they die in the middle of a plan, after so many actions, if told. */
  run(options?: { readonly actions?: number }): Running;
  /** A VolumeSnapshot of claim "data", created in the API. */
  snapshot(name: string): Promise<Snapshot>;
  /** Resolves with the object once it is as it should be; undefined stands for "gone". */
  until<T extends KubeObject>(
    resource: Resource<T>,
    at: At,
    is: (found: T | undefined) => boolean,
  ): Promise<T | undefined>;
  stop(): Promise<void>;
}

export interface Running {
  /** Resolves when they have died or were stopped. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Makes one in this API. @param options what the driver is to be like; and what the class says */
export async function aSingleWorld(
  api: { readonly kubeconfigPath: string },
  options: { readonly driver?: ScriptedDriverOptions; readonly snapshotClass?: Partial<SnapshotClass> } = {},
): Promise<SingleWorld> {
  const id = `single-${systemRandom.uuid()}`;
  const all = new AbortController();
  const { signal } = all;
  const config = await loadConfig({ kubeconfig: api.kubeconfigPath });
  let writes = 0;
  const transport = counting(httpTransport(config), () => writes++);
  const client = kubeClient({
    config,
    userAgent: "groupsnap-test",
    clock: systemClock,
    random: systemRandom,
    transport,
  });
  const name = `${id}.csi.example.com`;
  const driver = await scriptedDriver({ ...options.driver, name, volumes: [{ id: "handle-of-data" }] });
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: id } }, { signal });
  await client.create(classes, { ...aClass(id, name), ...options.snapshotClass }, { signal });
  await createBoundClaim(client, { namespace: id, driver: name, signal });
  const running: Running[] = [];
  return {
    client,
    driver,
    namespace: id,
    signal,
    writes: () => writes,
    run(how = {}) {
      const started = start({ client, driver, signal, ...how });
      running.push(started);
      return started;
    },
    snapshot: (snapshotName) => client.create(snapshots, aSnapshot(snapshotName, id), { signal }),
    until: (resource, at, is) => until(client, { resource, at, is, signal }),
    async stop() {
      for (const each of running) await each.stop();
      all.abort();
      await driver.stop();
      client.close();
    },
  };
}

function counting(transport: Transport, onWrite: () => void): Transport {
  return {
    send(request) {
      if (request.method !== "GET") onWrite();
      return transport.send(request);
    },
    close: () => transport.close(),
  };
}

function aClass(name: string, driver: string): Draft<SnapshotClass> {
  return {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: classes.kind,
    metadata: { name, annotations: { "snapshot.storage.kubernetes.io/is-default-class": "true" } },
    driver,
    deletionPolicy: "Delete",
  };
}

function aSnapshot(name: string, namespace: string): Draft<Snapshot> {
  return {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: snapshots.kind,
    metadata: { name, namespace },
    spec: { source: { persistentVolumeClaimName: "data" } },
  };
}

async function createBoundClaim(
  client: KubeClient,
  { namespace, driver, signal }: { readonly namespace: string; readonly driver: string; readonly signal: AbortSignal },
): Promise<void> {
  const wanted = aClaim("data", { volumeName: `volume-of-${namespace}` });
  const volume = aVolumeFor(wanted, { csi: { driver, volumeHandle: "handle-of-data" } });
  const { uid: _uid, ...claimRef } = { ...volume.spec.claimRef, namespace, name: "data" };
  const drafts = {
    claim: { ...wanted, metadata: { name: "data", namespace } },
    volume: { ...volume, metadata: { name: `volume-of-${namespace}` } },
  };
  const claim: Claim = await client.create(claims, drafts.claim, { signal });
  await client.create(
    volumes,
    { ...drafts.volume, spec: { ...volume.spec, claimRef: { ...claimRef, uid: claim.metadata.uid } } },
    { signal },
  );
  const { status } = boundTo({ ...volume, metadata: { ...volume.metadata, name: `volume-of-${namespace}` } }, claim);
  await client.updateStatus(claims, { ...claim, ...(status && { status }) }, { signal });
}

interface Starting {
  readonly client: KubeClient;
  readonly driver: ScriptedDriver;
  readonly signal: AbortSignal;
  readonly actions?: number;
}

/** Like two processes: caches of their own, and nothing known from before. */
function start({ client, driver, signal, actions = Number.POSITIVE_INFINITY }: Starting): Running {
  const death = new AbortController();
  const life = AbortSignal.any([signal, death.signal]);
  const runs: Promise<void>[] = [];
  let left = actions;
  const cache = <T extends KubeObject>(
    resource: Resource<T>,
    more: Pick<CacheOptions<T>, "indexes" | "optional"> = {},
  ) => {
    const made = cacheOf({ client, resource, ...more, clock: systemClock, random: systemRandom, log: silent });
    runs.push(made.run(life));
    return made;
  };
  const add = <T extends KubeObject, Seen, Action>(reconciler: Reconciler<T, Seen, Action>) => {
    const mortal: typeof reconciler = {
      ...reconciler,
      async act(action, context) {
        if (left-- <= 0) death.abort();
        life.throwIfAborted();
        await reconciler.act(action, context);
      },
    };
    runs.push(runController(mortal, { client, clock: systemClock, random: systemRandom, log: silent, signal: life }));
  };
  const caches = snapshotCaches(cache);
  add(claimProtection({ caches }));
  add(singleController({ caches }));
  add(singleContentController({ caches }));
  runs.push(
    capabilitiesOf(driver.csi, { signal, timeoutMs: 5_000 }).then((capabilities) =>
      add(
        singleCutting({
          contents: caches.contents,
          classes: caches.classes,
          csi: driver.csi,
          capabilities,
          naming: snapshotNaming,
          timeoutMs: 5_000,
          extraCreateMetadata: false,
        }),
      ),
    ),
  );
  const ended = Promise.allSettled(runs)
    .then(() => Promise.allSettled(runs))
    .then(() => undefined);
  return {
    ended,
    stop: async () => {
      death.abort();
      await ended;
    },
  };
}

interface Waiting<T extends KubeObject> {
  readonly resource: Resource<T>;
  readonly at: At;
  readonly is: (found: T | undefined) => boolean;
  readonly signal: AbortSignal;
}

/** Watches the objects of the kind, from a list on, until one reading of the object satisfies. */
async function until<T extends KubeObject>(client: KubeClient, { resource, at, is, signal }: Waiting<T>) {
  const done = new AbortController();
  const life = AbortSignal.any([signal, done.signal]);
  const cache = cacheOf({ client, resource, clock: systemClock, random: systemRandom, log: silent });
  const running = cache.run(life);
  try {
    await cache.synced(life);
    return await new Promise<T | undefined>((resolve) => {
      const look = () => {
        const found = cache.get(keyOf(at));
        if (is(found)) resolve(found);
      };
      cache.onChange(look);
      look();
    });
  } finally {
    done.abort();
    await running.catch(() => undefined); // it ends by its signal
  }
}

/** The content of a snapshot, by its computed name. */
export function contentAt(snapshot: Snapshot): At {
  return { name: `snapcontent-${snapshot.metadata.uid}` };
}
