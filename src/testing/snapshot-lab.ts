import { crds } from "../api/crds.ts";
import { groupClasses, groupContents, groupSnapshots } from "../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../api/group-snapshot/types.ts";
import { contents, snapshots } from "../api/snapshot/resources.ts";
import { capabilitiesOf } from "../csi/capabilities.ts";
import type { Csi } from "../csi/client.ts";
import type { Client } from "../kube/client/client.ts";
import { httpTransport } from "../kube/client/http-transport.ts";
import { type KubeClient, kubeClient } from "../kube/client/kube-client.ts";
import { loadConfig } from "../kube/client/kubeconfig.ts";
import type { Transport } from "../kube/client/transport.ts";
import { type Claim, claims } from "../kube/core/claim.ts";
import { namespaces } from "../kube/core/namespace.ts";
import { volumes } from "../kube/core/volume.ts";
import type { At, KubeObject, Resource } from "../kube/object.ts";
import type { Clock } from "../lib/clock.ts";
import { systemClock } from "../lib/clock.ts";
import type { JsonObject } from "../lib/json.ts";
import { silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { runCsiSnapshotter } from "../processes/csi-snapshotter.ts";
import { runSnapshotController } from "../processes/snapshot-controller.ts";
import { throwAwayApi } from "./cluster.ts";
import { aGroup, aGroupClass, aSourceClaim } from "./group-builders.ts";
import { type ScriptedDriver, type ScriptedDriverOptions, scriptedDriver } from "./scripted-driver.ts";

/** A request that a process sent. */
export interface SeenRequest {
  readonly process: string;
  readonly method: string;
  readonly path: string;
}

/** An API server, a scripted driver, and the two processes that carry snapshots between them. */
export interface SnapshotLab {
  readonly client: KubeClient;
  readonly driver: ScriptedDriver;
  /** What the processes have asked of the API, in order, but for watches. */
  readonly requests: readonly SeenRequest[];
  forgetRequests(): void;
  /** Starts a process with fresh caches; resolves when they are read. */
  start(process: ProcessName, options?: ProcessOptions): Promise<LabProcess>;
  /** Bound claims labelled app=NAME in namespace "shop", each with a volume of the driver. */
  makeClaims(app: string, names: readonly string[]): Promise<readonly Claim[]>;
  /** A group that selects the claims labelled app=NAME. */
  makeGroup(app: string, name?: string, className?: string): Promise<GroupSnapshot>;
  /** Waits until `look` answers, on changes of the resource; fails with what it saw last. */
  until<T extends KubeObject>(
    resource: Resource<T>,
    at: At,
    is: (object: T | undefined) => boolean,
  ): Promise<T | undefined>;
  /** Waits until the processes have asked nothing of the API for a while. */
  settled(): Promise<void>;
  /** The names of all objects of the snapshot kinds. */
  leftovers(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export type ProcessName = "controller" | "sidecar";

export interface ProcessOptions {
  readonly clock?: Clock;
  /** Stands between the process and its API. */
  readonly client?: (client: Client) => Client;
  /** Stands between the sidecar and its driver. */
  readonly csi?: (csi: Csi) => Csi;
}

export interface LabProcess {
  stop(): Promise<void>;
}

const timeoutMs = 30_000;
/** Longer than any step of a process takes here. */
const quietMs = 40;
const workers = { workerThreads: 10, workerActions: 64 };

export async function snapshotLab(options: { readonly driver?: ScriptedDriverOptions } = {}): Promise<SnapshotLab> {
  const requests: SeenRequest[] = [];
  const api = await throwAwayApi({ crds: crds as unknown as readonly JsonObject[] }); // definitions are plain data
  const driver = await scriptedDriver(options.driver);
  const config = await loadConfig({ kubeconfig: api.kubeconfigPath });
  const connected = (userAgent: string, transport = httpTransport(config)) =>
    kubeClient({ config, userAgent, clock: systemClock, random: systemRandom, transport });
  const client = connected("lab");
  const running = new Set<LabProcess>();
  const signal = AbortSignal.timeout(600_000);
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } }, { signal });
  await client.create(groupClasses, strip(aGroupClass()), { signal });
  const capabilities = await capabilitiesOf(driver.csi, { signal, timeoutMs });

  return {
    client,
    driver,
    requests,
    forgetRequests: () => void requests.splice(0),
    async start(name, { clock = systemClock, client: between = same, csi = same } = {}) {
      const ending = new AbortController();
      const around = { clock, random: systemRandom, log: silent, signal: ending.signal };
      const raw = connected(name, counting(name, httpTransport(config), requests));
      const peers = { client: between(raw), csi: csi(driver.csi), capabilities };
      const { ended } =
        name === "controller"
          ? await runSnapshotController(peers.client, workers, around)
          : await runCsiSnapshotter(peers, { ...workers, timeoutMs, extraCreateMetadata: false }, around);
      const process: LabProcess = {
        async stop() {
          running.delete(process);
          ending.abort();
          await ended.catch(() => undefined);
          raw.close();
        },
      };
      running.add(process);
      return process;
    },
    async makeClaims(app, names) {
      const made = names.map((name) => aSourceClaim(name, { labels: { app } }));
      return Promise.all(
        made.map(async ({ claim, volume }) => {
          driver.world.addVolume({
            id: volume.spec.csi?.volumeHandle ?? "",
            name: claim.metadata.name,
            sizeBytes: 1n << 30n,
          });
          await client.create(volumes, strip(volume), { signal });
          const stored = await client.create(claims, strip(claim), { signal });
          return client.updateStatus(claims, { ...stored, status: claim.status ?? {} }, { signal });
        }),
      );
    },
    makeGroup(app, name = app, className = "groups") {
      const group = aGroup(
        { spec: { volumeGroupSnapshotClassName: className, source: { selector: { matchLabels: { app } } } } },
        { name },
      );
      return client.create(groupSnapshots, strip(group), { signal });
    },
    async until(resource, at, is) {
      const limit = AbortSignal.timeout(timeoutMs);
      for (;;) {
        const { items, resourceVersion } = await client.list(resource, {
          ...(at.namespace ? { namespace: at.namespace } : {}),
          fieldSelector: `metadata.name=${at.name}`,
          signal,
        });
        if (is(items[0])) return items[0];
        if (limit.aborted) throw new Error(`still not so: ${JSON.stringify(items[0])}`);
        await nextChange(client, resource, { ...at, resourceVersion, signal: limit });
      }
    },
    async settled() {
      for (let seen = -1; seen !== requests.length; await systemClock.sleep(quietMs, signal)) seen = requests.length;
    },
    async leftovers() {
      const kinds: readonly Resource[] = [groupSnapshots, groupContents, snapshots, contents];
      const lists = await Promise.all(kinds.map((kind) => client.list(kind, { signal })));
      return lists.flatMap(({ items }) => items.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    },
    async stop() {
      await Promise.all([...running].map((process) => process.stop()));
      client.close();
      await driver.stop();
      await api.stop();
    },
  };
}

function counting(process: string, transport: Transport, requests: SeenRequest[]): Transport {
  return {
    send(request) {
      if (!request.watch) requests.push({ process, method: request.method, path: request.path });
      return transport.send(request);
    },
    close: () => transport.close(),
  };
}

const same = <T>(value: T) => value;

/** What a builder says, without what the server says of it. */
export function strip<T extends KubeObject>(object: T) {
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _created, ...metadata } = object.metadata;
  return { ...object, metadata };
}

async function nextChange<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  at: At & { readonly resourceVersion: string; readonly signal: AbortSignal },
): Promise<void> {
  const { namespace, name, resourceVersion, signal } = at;
  try {
    const watching = client.watch(resource, {
      ...(namespace ? { namespace } : {}),
      fieldSelector: `metadata.name=${name}`,
      resourceVersion,
      timeoutSeconds: 10,
      signal,
    });
    for await (const event of watching) if (event.type !== "BOOKMARK") return;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
