import { groupClasses, groupContents, groupSnapshots } from "../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../api/group-snapshot/types.ts";
import { classes, contents, snapshots } from "../api/snapshot/resources.ts";
import type { Snapshot, SnapshotClass } from "../api/snapshot/types.ts";
import { capabilitiesOf } from "../csi/capabilities.ts";
import type { Client } from "../kube/client/client.ts";
import { kubeClient } from "../kube/client/kube-client.ts";
import { loadConfig } from "../kube/client/kubeconfig.ts";
import { type Claim, claims } from "../kube/core/claim.ts";
import { namespaces } from "../kube/core/namespace.ts";
import { type VolumeSpec, volumes } from "../kube/core/volume.ts";
import { type At, apiVersionOf, type Draft, type KubeObject, type Resource } from "../kube/object.ts";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";
import { aGroup, aGroupClass, aSourceClaim } from "./group-builders.ts";
import { labApi } from "./lab-api.ts";
import { scriptedDriverName } from "./objects/storage.ts";
import { type ScriptedDriver, type ScriptedDriverOptions, scriptedDriver } from "./scripted-driver.ts";
import { type Processes, processesOf } from "./snapshot-lab/processes.ts";

/** An API server, a scripted driver, and the two processes that carry snapshots between them. */
export interface SnapshotLab extends Omit<Processes, "stopAll"> {
  readonly client: Client;
  readonly driver: ScriptedDriver;
  /** Bound claims labelled app=NAME in namespace "shop", each with a volume of the driver. */
  makeClaims(app: string, names: readonly string[], spec?: Partial<VolumeSpec>): Promise<readonly Claim[]>;
  /** A group that selects the claims labelled app=NAME. */
  makeGroup(app: string, name?: string, className?: string): Promise<GroupSnapshot>;
  /** A VolumeSnapshot of one claim. */
  makeSnapshot(name: string, claimName: string, className?: string): Promise<Snapshot>;
  /** Waits until the object (undefined when it is gone) is as wanted; fails with what it saw last. */
  until<T extends KubeObject>(
    resource: Resource<T>,
    at: At,
    is: (object: T | undefined) => boolean,
  ): Promise<T | undefined>;
  /** All objects of the snapshot kinds: "VolumeSnapshot NAME". */
  leftovers(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

const timeoutMs = 30_000;

/** Starts all but the processes. The scripted driver has what `options` say. */
export async function snapshotLab(options: { readonly driver?: ScriptedDriverOptions } = {}): Promise<SnapshotLab> {
  const api = await labApi();
  const driver = await scriptedDriver(options.driver);
  const config = await loadConfig({ kubeconfig: api.kubeconfigPath });
  const client = kubeClient({ config, userAgent: "lab", clock: systemClock, random: systemRandom });
  const { signal } = new AbortController();
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } }, { signal });
  await client.create(groupClasses, strip(aGroupClass()), { signal });
  await client.create(classes, aClass, { signal });
  const capabilities = await capabilitiesOf(driver.csi, { signal, timeoutMs });
  const { stopAll, ...processes } = processesOf(config, { csi: driver.csi, capabilities });
  return {
    ...processes,
    client,
    driver,
    makeClaims: (app, names, spec) =>
      Promise.all(names.map((name) => makeClaim({ client, driver, signal }, app, { name, ...(spec && { spec }) }))),
    makeGroup(app, name = app, className = "groups") {
      const spec = { volumeGroupSnapshotClassName: className, source: { selector: { matchLabels: { app } } } };
      return client.create(groupSnapshots, strip(aGroup({ spec }, { name })), { signal });
    },
    makeSnapshot: (name, claimName, className = "singles") =>
      client.create(snapshots, aSnapshot(name, claimName, className), { signal }),
    until: (resource, at, is) => until(client, resource, { ...at, is }),
    async leftovers() {
      const kinds: readonly Resource[] = [groupSnapshots, groupContents, snapshots, contents];
      const lists = await Promise.all(kinds.map((kind) => client.list(kind, { signal })));
      return lists.flatMap(({ items }) => items.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    },
    async stop() {
      await stopAll();
      client.close();
      await driver.stop();
      await api.stop();
    },
  };
}

const aClass: Draft<SnapshotClass> = {
  apiVersion: apiVersionOf(classes),
  kind: classes.kind,
  metadata: { name: "singles" },
  driver: scriptedDriverName,
  deletionPolicy: "Delete",
};

const aSnapshot = (name: string, persistentVolumeClaimName: string, className: string): Draft<Snapshot> => ({
  apiVersion: apiVersionOf(snapshots),
  kind: snapshots.kind,
  metadata: { namespace: "shop", name },
  spec: { volumeSnapshotClassName: className, source: { persistentVolumeClaimName } },
});

interface Peers {
  readonly client: Client;
  readonly driver: ScriptedDriver;
  readonly signal: AbortSignal;
}

interface WantedClaim {
  readonly name: string;
  readonly spec?: Partial<VolumeSpec>;
}

async function makeClaim({ client, driver, signal }: Peers, app: string, wanted: WantedClaim): Promise<Claim> {
  const { name, spec } = wanted;
  const { claim, volume } = aSourceClaim(name, { labels: { app } });
  driver.world.addVolume({ id: volume.spec.csi?.volumeHandle ?? "", name, sizeBytes: 1n << 30n });
  await client.create(volumes, strip({ ...volume, spec: { ...volume.spec, ...spec } }), { signal });
  const stored = await client.create(claims, strip(claim), { signal });
  return client.updateStatus(claims, { ...stored, status: claim.status ?? {} }, { signal });
}

/** What a builder says, without what only the server says of it. */
export function strip<T extends KubeObject>(object: T) {
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _created, ...metadata } = object.metadata;
  return { ...object, metadata };
}

type Wanted<T> = At & { readonly is: (object: T | undefined) => boolean };

async function until<T extends KubeObject>(client: Client, resource: Resource<T>, wanted: Wanted<T>) {
  const signal = AbortSignal.timeout(timeoutMs);
  const only = {
    ...(wanted.namespace ? { namespace: wanted.namespace } : {}),
    fieldSelector: `metadata.name=${wanted.name}`,
    signal,
  };
  let last: T | undefined;
  try {
    for (;;) {
      const { items, resourceVersion } = await client.list(resource, only);
      [last] = items;
      if (wanted.is(last)) return last;
      await nextChange(client.watch(resource, { ...only, resourceVersion, timeoutSeconds: 10 }));
    }
  } catch (error) {
    throw signal.aborted ? new Error(`still not as wanted: ${JSON.stringify(last)}`) : error;
  }
}

/** Resolves with the first change, or when the server ends the watch. */
async function nextChange(watching: AsyncIterable<{ readonly type: string }>): Promise<void> {
  for await (const { type } of watching) if (type !== "BOOKMARK") return;
}
