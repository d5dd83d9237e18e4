import { capabilitiesOf } from "../csi/capabilities.ts";
import { type KubeClient, kubeClient } from "../kube/client/kube-client.ts";
import { loadConfig } from "../kube/client/kubeconfig.ts";
import { waitFor } from "../kube/client/wait.ts";
import { type Claim, type ClaimSpec, claims } from "../kube/core/claim.ts";
import { namespaces } from "../kube/core/namespace.ts";
import { type StorageClass, storageClasses } from "../kube/core/storage-class.ts";
import { volumes } from "../kube/core/volume.ts";
import type { At, KubeObject, Resource } from "../kube/object.ts";
import { systemClock } from "../lib/clock.ts";
import { silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { runNode } from "../processes/node.ts";
import { runProvisioner } from "../processes/provisioner.ts";
import { fuseOf } from "./fuse.ts";
import { labApi } from "./lab-api.ts";
import { aClaim, aStorageClass } from "./objects/storage.ts";
import { events, type SaidEvent } from "./said-events.ts";
import { type ScriptedDriver, type ScriptedDriverOptions, scriptedDriver } from "./scripted-driver.ts";
import { strip } from "./snapshot-lab.ts";

/** An API server, a scripted driver, and the two processes that give claims their volumes. */
export interface VolumeLab {
  readonly client: KubeClient;
  readonly driver: ScriptedDriver;
  readonly dataDir: string;
  /** Starts provisioner and node; they die together after so many effects, if a number is given. */
  start(effects?: number): Promise<LabProcesses>;
  makeClass(change?: Partial<Omit<StorageClass, "metadata">>, name?: string): Promise<StorageClass>;
  makeClaim(name: string, spec?: Partial<ClaimSpec>): Promise<Claim>;
  until<T extends KubeObject>(
    resource: Resource<T>,
    at: At,
    is: (object: T | undefined) => boolean,
  ): Promise<T | undefined>;
  /** The claim, once it is bound and published. */
  published(name: string): Promise<Claim>;
  deleteClaim(name: string): Promise<void>;
  /** Waits for an event about the object whose message is like this. */
  eventOf(name: string, message: RegExp): Promise<void>;
  stop(): Promise<void>;
}

export interface LabProcesses {
  /** Resolves when the fuse has blown. */
  readonly died: Promise<void>;
  stop(): Promise<void>;
}

const timeoutMs = 10_000;
const shop = "shop";

export async function volumeLab(options: { readonly driver?: ScriptedDriverOptions } = {}): Promise<VolumeLab> {
  const api = await labApi();
  const driver = await scriptedDriver(options.driver);
  const config = await loadConfig({ kubeconfig: api.kubeconfigPath });
  const connected = (userAgent: string) => kubeClient({ config, userAgent, clock: systemClock, random: systemRandom });
  const client = connected("lab");
  const worked = connected("processes");
  const call = () => ({ signal: AbortSignal.timeout(timeoutMs) });
  await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: shop } }, call());
  const capabilities = await capabilitiesOf(driver.csi, { ...call(), timeoutMs });
  const running = new Set<LabProcesses>();
  const until: VolumeLab["until"] = (resource, at, is) =>
    waitFor(client, resource, at, { what: `${resource.kind} ${at.name}`, until: is, ...call() });

  return {
    client,
    driver,
    dataDir: api.dataDir,
    until,
    async start(effects = Number.POSITIVE_INFINITY) {
      const peers = { client: worked, csi: driver.csi, capabilities };
      const processes = await startProcesses(peers, { effects, dataDir: api.dataDir });
      running.add(processes);
      return processes;
    },
    makeClass: (change = {}, name = "fast") =>
      client.create(storageClasses, strip(aStorageClass(change, name)), call()),
    makeClaim: (name, spec = {}) => client.create(claims, strip(aClaim(name, spec)), call()),
    async published(name) {
      const path = "groupsnap.dev/published-path";
      const isThere = (claim?: Claim) =>
        claim?.status?.phase === "Bound" && claim.metadata.annotations?.[path] !== undefined;
      const claim = await until(claims, { namespace: shop, name }, isThere);
      if (!claim) throw new Error(`claim ${name} is gone`);
      return claim;
    },
    async deleteClaim(name) {
      await client.delete(claims, { namespace: shop, name }, call());
    },
    eventOf: (name, message) => eventOf(client, name, message),
    async stop() {
      await Promise.all([...running].map((processes) => processes.stop()));
      client.close();
      worked.close();
      await driver.stop();
      await api.stop();
    },
  };
}

type Peers = Parameters<typeof runProvisioner>[0];

async function startProcesses(
  peers: Peers,
  { effects, dataDir }: { readonly effects: number; readonly dataDir: string },
): Promise<LabProcesses> {
  const ending = new AbortController();
  const died = new AbortController();
  const fuse = fuseOf(effects, () => {
    ending.abort();
    died.abort();
  });
  const around = { clock: systemClock, random: systemRandom, log: silent, signal: ending.signal };
  const fused = { ...peers, client: fuse.client(peers.client), csi: fuse.csi(peers.csi) };
  const limits = { workerThreads: 10, workerActions: 64, timeoutMs, extraCreateMetadata: false };
  const parts = await Promise.all([
    runProvisioner(fused, limits, around),
    runNode(fused, { dataDir, nodeName: "node-1" }, around),
  ]);
  return {
    died: new Promise((resolve) => died.signal.addEventListener("abort", () => resolve(), { once: true })),
    async stop() {
      ending.abort();
      const ended = Promise.all(parts.map((part) => part.ended)).catch(() => undefined);
      await (fuse.isBlown ? undefined : ended); // what a dead process was doing never ends
    },
  };
}

async function eventOf(client: KubeClient, name: string, message: RegExp): Promise<void> {
  const isIt = (event: SaidEvent) => event.involvedObject.name === name && message.test(event.message);
  const signal = AbortSignal.timeout(timeoutMs);
  const { items, resourceVersion } = await client.list(events, { signal });
  if (items.some(isIt)) return;
  for await (const event of client.watch(events, { resourceVersion, signal }))
    if (event.type !== "BOOKMARK" && isIt(event.object)) return;
  throw new Error(`no event about ${name} says ${message}`);
}

/** What there is of claims and volumes, in the API and on the storage, in a form that two runs can be compared by. */
export async function worldOf({ client, driver }: VolumeLab) {
  const signal = AbortSignal.timeout(timeoutMs);
  const [{ items: allClaims }, { items: allVolumes }] = await Promise.all([
    client.list(claims, { signal }),
    client.list(volumes, { signal }),
  ]);
  return {
    claims: allClaims.map(({ metadata, status }) => ({
      name: metadata.name,
      phase: status?.phase,
      capacity: status?.capacity,
      finalizers: [...(metadata.finalizers ?? [])].sort((a, b) => a.localeCompare(b)),
      annotations: Object.keys(metadata.annotations ?? {}).sort((a, b) => a.localeCompare(b)),
    })),
    volumes: allVolumes.map(({ metadata, spec, status }) => ({
      claim: spec.claimRef?.name,
      phase: status?.phase,
      finalizers: [...(metadata.finalizers ?? [])].sort((a, b) => a.localeCompare(b)),
      isHeld: driver.world.volumes.has(spec.csi?.volumeHandle ?? ""),
    })),
    held: driver.world.volumes.size,
    staged: driver.world.staged.size,
    published: driver.world.published.size,
  };
}
