import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { groupSnapshotCrds } from "../../../src/api/group-snapshot/crds.ts";
import { groupClasses, groupContents, groupSnapshots } from "../../../src/api/group-snapshot/resources.ts";
import { classes, contents, snapshots } from "../../../src/api/snapshot/resources.ts";
import type { KubeClient } from "../../../src/kube/client/kube-client.ts";
import { waitFor } from "../../../src/kube/client/wait.ts";
import { claims } from "../../../src/kube/core/claim.ts";
import { definitions } from "../../../src/kube/core/definition.ts";
import { namespaces } from "../../../src/kube/core/namespace.ts";
import { csiNodes, nodes } from "../../../src/kube/core/node.ts";
import { storageClasses } from "../../../src/kube/core/storage-class.ts";
import { volumes } from "../../../src/kube/core/volume.ts";
import { type KubeObject, keyOf, type Resource } from "../../../src/kube/object.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { isFailure } from "../../../src/lib/failure.ts";
import { silent } from "../../../src/lib/log.ts";
import { systemRandom } from "../../../src/lib/random.ts";
import { connect } from "../../../src/processes/connect.ts";
import { installCrds } from "../../../src/processes/install.ts";
import { startWebhook } from "../../../src/processes/webhook.ts";
import { freePorts, type KubeApiserver, kubeApiserver } from "../../../src/testing/kube-apiserver.ts";
import { kubeControllerManager } from "../../../src/testing/kube-controller-manager.ts";
import type { LabApi } from "../../../src/testing/lab-api.ts";
import { binaries } from "../binaries.ts";

/** One kube-apiserver with our definitions and our webhook, which many tests have one after the other. */
export interface LabServer extends KubeApiserver {
  /** The server without anything of those who had it before. */
  clean(): Promise<LabApi>;
  /** Installs the definitions that are missing, and waits until their kinds are served and converted. */
  install(): Promise<void>;
}

/** Protection of claims and volumes in use is taken off by a controller that does not run here; restores cross namespaces. */
const flags = [
  "--disable-admission-plugins=StorageObjectInUseProtection",
  "--feature-gates=CrossNamespaceVolumeDataSource=true",
];
const limitMs = 60_000;
const call = () => ({ signal: AbortSignal.timeout(limitMs) });

export async function labServer(): Promise<LabServer> {
  const server = await kubeApiserver(binaries(), flags);
  const client = await connect({ kubeconfig: server.kubeconfigPath, userAgent: "lab" });
  const ending = new AbortController();
  const manager = kubeControllerManager(binaries(), server.kubeconfigPath); // nothing follows its owner without it
  const stop = async () => {
    ending.abort();
    await manager.stop();
    client.close();
    await server.stop();
  };
  const install = async () => {
    await installCrds(client, systemClock, call().signal);
    await untilConverted(client);
  };
  try {
    await startConversion(server, ending.signal);
    await install();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...server,
    install,
    async clean() {
      await clean(client);
      const dataDir = mkdtempSync(join(tmpdir(), "gs-lab-"));
      const stop = async () => rmSync(dataDir, { recursive: true, force: true });
      return { kubeconfigPath: server.kubeconfigPath, dataDir, stop };
    },
    stop,
  };
}

/** Our webhook, in this process, until the signal. */
async function startConversion({ kubeconfigPath }: KubeApiserver, signal: AbortSignal): Promise<void> {
  const [port = 0] = await freePorts(1);
  const reached = { url: `https://127.0.0.1:${port}/convert` };
  const options = { port, bindAddress: "127.0.0.1", kubeconfig: kubeconfigPath, reached };
  const { ended } = await startWebhook(options, { clock: systemClock, random: systemRandom, log: silent, signal });
  ended.catch(() => undefined); // by the signal's reason; what ends before it shows in the tests
}

/** The API server hears of a changed definition a little later, and refuses requests of its kind meanwhile. */
async function untilConverted(client: KubeClient): Promise<void> {
  const { signal } = call();
  for (const { metadata } of groupSnapshotCrds)
    await waitFor(client, definitions, metadata, {
      what: `${metadata.name} to be pointed at the webhook`,
      until: (definition) => strategyOf(definition) === "Webhook",
      signal,
    });
  for (let served = 0; served < 2; await systemClock.sleep(200, signal))
    served = (await converts(client)) ? served + 1 : 0;
}

/** Whether every group kind is served, and a content of the oldest version reads in the newest. */
async function converts(client: KubeClient): Promise<boolean> {
  const old = { ...groupContents, version: "v1alpha1" };
  const draft = {
    apiVersion: `${old.group}/v1alpha1`,
    kind: old.kind,
    metadata: { name: "probe" },
    spec: {
      driver: "d",
      deletionPolicy: "Retain",
      source: { volumeGroupSnapshotHandle: "g" },
      volumeGroupSnapshotRef: { namespace: "default", name: "g" },
    },
  };
  try {
    for (const kind of [groupSnapshots, groupClasses])
      await client.list<KubeObject>({ ...kind, version: "v1alpha1" }, call());
    await client.create(old, draft as never, call());
    const shown = await client.get(groupContents, { name: "probe" }, call());
    await removeProbe(client);
    return shown.spec.source.groupSnapshotHandles !== undefined;
  } catch (error) {
    await removeProbe(client).catch(() => undefined); // for the next try
    if (isFailure(error, "unavailable", "notFound", "exists", "internal")) return false;
    throw error;
  }
}

/** A controller that runs meanwhile may have protected it. */
async function removeProbe(client: KubeClient): Promise<void> {
  await client.delete(groupContents, { name: "probe" }, call());
  const free = { type: "merge", patch: { metadata: { finalizers: null } } } as const;
  await client.patch(groupContents, { name: "probe" }, free, call()).catch((error: unknown) => {
    if (!isFailure(error, "notFound")) throw error;
  });
}

const strategyOf = (definition: object | undefined) =>
  (definition as { readonly spec?: { readonly conversion?: { readonly strategy?: string } } } | undefined)?.spec
    ?.conversion?.strategy;

const kinds: readonly Resource[] = [
  groupSnapshots,
  groupContents,
  groupClasses,
  snapshots,
  contents,
  classes,
  claims,
  volumes,
  storageClasses,
  nodes,
  csiNodes,
];

async function clean(client: KubeClient): Promise<void> {
  for (const kind of kinds) await empty(client, kind);
  const { items } = await client.list(namespaces, call());
  const made = items.filter(({ metadata }) => !/^(default|kube-.*)$/.test(metadata.name));
  await Promise.all(made.map(({ metadata }) => remove(client, metadata.name))); // each takes seconds
}

async function empty(client: KubeClient, kind: Resource): Promise<void> {
  const { items } = await client.list(kind, call());
  for (const { metadata } of items) {
    const free = { type: "merge", patch: { metadata: { finalizers: null } } } as const;
    const work = async () => {
      await client.patch(kind, metadata, free, call());
      await client.delete(kind, metadata, call());
    };
    await work().catch((error: unknown) => {
      if (!isFailure(error, "notFound"))
        throw new Error(`cannot clean up ${kind.kind} ${keyOf(metadata)}`, { cause: error });
    });
  }
}

async function remove(client: KubeClient, name: string): Promise<void> {
  await client.delete(namespaces, { name }, call());
  const until = (left: unknown) => left === undefined;
  await waitFor(client, namespaces, { name }, { what: `namespace ${name} to go`, until, ...call() });
}
