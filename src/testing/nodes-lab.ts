import { join } from "node:path";
import { groupClasses } from "../api/group-snapshot/resources.ts";
import { localDriverName } from "../api/local-driver.ts";
import { classes } from "../api/snapshot/resources.ts";
import { capabilitiesOf } from "../csi/capabilities.ts";
import type { Csi } from "../csi/client.ts";
import { aDriver, type TestDriver } from "../driver/testing.ts";
import { type KubeClient, kubeClient } from "../kube/client/kube-client.ts";
import { loadConfig } from "../kube/client/kubeconfig.ts";
import { claims } from "../kube/core/claim.ts";
import { namespaces } from "../kube/core/namespace.ts";
import { pods } from "../kube/core/pod.ts";
import { storageClasses } from "../kube/core/storage-class.ts";
import { volumes } from "../kube/core/volume.ts";
import { systemClock } from "../lib/clock.ts";
import { silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { claimBinder } from "../node/binder.ts";
import { nodeClaimIndexes, nodePodIndexes, nodeVolumeIndexes } from "../node/deps.ts";
import { openRecords } from "../node/publishing/records.ts";
import { registerNode, topologyOf } from "../node/register.ts";
import { volumePhases } from "../node/volume-phases.ts";
import { controllerHost, defaultWorkers } from "../processes/controller-host.ts";
import { runCsiSnapshotter } from "../processes/csi-snapshotter.ts";
import { runProvisioner } from "../processes/provisioner.ts";
import { runSnapshotController } from "../processes/snapshot-controller.ts";
import { labApi } from "./lab-api.ts";

/** A node's driver, and what its neighbours have asked of it. */
export interface LabNode {
  readonly name: string;
  readonly driver: TestDriver;
  /** Calls of the controllers that change something or look for a snapshot, with what they are about. */
  readonly calls: readonly NodeCall[];
}

export interface NodeCall {
  readonly method: string;
  readonly request: Readonly<Record<string, unknown>>;
}

/**
 * A cluster of several nodes in one process: an embedded API, a snapshot-controller, and for each node a userland driver with a
 * provisioner and a sidecar of its own. Claims name their node themselves; those labelled "by-hand" nobody binds.
 */
export interface NodesLab {
  readonly client: KubeClient;
  readonly nodes: readonly LabNode[];
  /** Ends all sidecars, and starts each again for its own node; or the one of a node alone, for all contents there are. */
  restartSidecars(alone?: string): Promise<void>;
  stop(): Promise<void>;
}

const timeoutMs = 30_000;
const call = () => ({ signal: AbortSignal.timeout(timeoutMs) });

export async function nodesLab(
  wanted: Readonly<Record<string, { readonly poolSizeBytes?: bigint }>>,
): Promise<NodesLab> {
  const api = await labApi();
  const config = await loadConfig({ kubeconfig: api.kubeconfigPath });
  const client = kubeClient({ config, userAgent: "lab", clock: systemClock, random: systemRandom });
  await furnish(client);
  const ending = new AbortController();
  const around = { clock: systemClock, random: systemRandom, log: silent, signal: ending.signal };
  const ended: Promise<void>[] = [];
  const nodes = await Promise.all(Object.entries(wanted).map(([name, pool]) => aNode(client, name, pool)));
  for (const { name, csi, capabilities } of nodes) {
    const capacity = { namespace: "shop", forImmediateBinding: true, pollMs: 3_600_000 };
    const options = { ...defaultWorkers, timeoutMs, extraCreateMetadata: false, nodeName: name, capacity };
    ended.push((await runProvisioner({ client, csi, capabilities }, options, around)).ended);
  }
  ended.push((await runBinder(client, nodes, { around, dataDir: api.dataDir })).ended);
  const controller = { ...defaultWorkers, distributedSnapshotting: true };
  ended.push((await runSnapshotController(client, controller, around)).ended);
  const sidecars = sidecarsOf(client, nodes);
  await sidecars.start();
  return {
    client,
    nodes,
    async restartSidecars(alone) {
      await sidecars.stop();
      await sidecars.start(alone);
    },
    async stop() {
      await sidecars.stop();
      ending.abort();
      await Promise.allSettled(ended); // they end by the signal's reason
      client.close();
      await Promise.all(nodes.map(({ driver }) => driver.close()));
      await api.stop();
    },
  };
}

async function furnish(client: KubeClient): Promise<void> {
  const driver = localDriverName;
  const metadata = { name: "local" };
  const snapshotClass = { metadata, driver, deletionPolicy: "Delete" } as const;
  const named = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };
  await client.create(namespaces, named, call());
  for (const [name, volumeBindingMode] of [
    ["local", "Immediate"],
    ["waiting", "WaitForFirstConsumer"],
  ] as const) {
    const storageClass = {
      provisioner: driver,
      volumeBindingMode,
      reclaimPolicy: "Delete",
      metadata: { name },
    } as const;
    await client.create(
      storageClasses,
      { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", ...storageClass },
      call(),
    );
  }
  const single = { apiVersion: "snapshot.storage.k8s.io/v1", kind: "VolumeSnapshotClass" };
  await client.create(classes, { ...single, ...snapshotClass }, call());
  const group = { apiVersion: "groupsnapshot.storage.k8s.io/v1", kind: "VolumeGroupSnapshotClass" };
  await client.create(groupClasses, { ...group, ...snapshotClass }, call());
}

async function aNode(client: KubeClient, name: string, pool: { readonly poolSizeBytes?: bigint }) {
  const driver = await aDriver({ nodeId: name, engine: "userland", ...pool });
  const calls: NodeCall[] = [];
  const csi = recorded(driver.csi, calls);
  const capabilities = await capabilitiesOf(csi, { ...call(), timeoutMs });
  const { nodeId, topology } = await topologyOf(csi, { ...call(), timeoutMs });
  const registration = { nodeName: name, driver: capabilities.driver, nodeId, topology, now: systemClock.now() };
  await registerNode(client, registration, call().signal);
  return { name, driver, calls, csi, capabilities };
}

type Nodes = readonly Awaited<ReturnType<typeof aNode>>[];

function sidecarsOf(client: KubeClient, nodes: Nodes) {
  let ending = new AbortController();
  let running: Promise<void>[] = [];
  return {
    async start(alone?: string) {
      ending = new AbortController();
      const around = { clock: systemClock, random: systemRandom, log: silent, signal: ending.signal };
      const chosen = nodes.filter(({ name }) => alone === undefined || name === alone);
      const started = chosen.map(({ name, csi, capabilities }) => {
        const options = { ...defaultWorkers, timeoutMs, extraCreateMetadata: false };
        const its = alone === undefined ? { ...options, nodeName: name } : options;
        return runCsiSnapshotter({ client, csi, capabilities }, its, around);
      });
      running = (await Promise.all(started)).map(({ ended }) => ended);
    },
    async stop() {
      ending.abort();
      await Promise.allSettled(running); // they end by the signal's reason
    },
  };
}

/** What kube-controller-manager does in a cluster. The node of the first driver lends its name. */
async function runBinder(
  client: KubeClient,
  [first]: Nodes,
  { around, dataDir }: { readonly around: Parameters<typeof controllerHost>[2]; readonly dataDir: string },
) {
  if (!first) throw new Error("a cluster needs a node");
  const host = controllerHost(client, { component: "binder", ...defaultWorkers }, around);
  const caches = {
    claims: host.cache(claims, { indexes: nodeClaimIndexes, labelSelector: "!by-hand" }),
    volumes: host.cache(volumes, { indexes: nodeVolumeIndexes }),
    storageClasses: host.cache(storageClasses),
    pods: host.cache(pods, { indexes: nodePodIndexes }),
  };
  const records = await openRecords(join(dataDir, "published"));
  const options = { nodeName: first.name, nodeLabels: {}, dataDir, timeoutMs };
  const deps = { csi: first.csi, capabilities: first.capabilities, caches, records, options };
  host.add(claimBinder(deps));
  host.add(volumePhases(deps));
  return host.start();
}

/** What is asked for again and again tells nothing: capabilities, room, and how far a cut is. */
const unrecorded = /Capabilities$|^getCapacity$/;

function recorded(csi: Csi, calls: NodeCall[]): Csi {
  const through = <Calls extends object>(service: Calls): Calls => {
    const wrapped = Object.entries(service).map(([name, ask]) => [
      name,
      (request: NodeCall["request"], ...rest: unknown[]) => {
        if (!unrecorded.test(name)) calls.push({ method: name, request });
        return ask(request, ...rest);
      },
    ]);
    return Object.fromEntries(wrapped) as Calls; // the same names, with the same requests and answers
  };
  return { ...csi, controller: through(csi.controller), groupController: through(csi.groupController) };
}
