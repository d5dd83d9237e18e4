import { crds } from "../api/crds.ts";
import { groupClasses, groupSnapshots } from "../api/group-snapshot/resources.ts";
import { classes, snapshots } from "../api/snapshot/resources.ts";
import type { Client } from "../kube/client/client.ts";
import { waitFor } from "../kube/client/wait.ts";
import { claims } from "../kube/core/claim.ts";
import { definitions, isEstablished } from "../kube/core/definition.ts";
import { namespaces } from "../kube/core/namespace.ts";
import { volumes } from "../kube/core/volume.ts";
import type { At, KubeObject, Resource } from "../kube/object.ts";
import { systemClock } from "../lib/clock.ts";
import { type Logger, silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { connect } from "../processes/connect.ts";
import { defaultWorkers } from "../processes/controller-host.ts";
import { startCsiSnapshotter } from "../processes/csi-snapshotter.ts";
import { startSnapshotController } from "../processes/snapshot-controller.ts";
import type { Running, Surroundings } from "../processes/surroundings.ts";
import { aGroup, aGroupClass, aSourceClaim } from "./group-builders.ts";
import { type ScriptedDriver, scriptedDriver } from "./scripted-driver.ts";
import { strip } from "./snapshot-lab.ts";

/** A cluster without snapshot kinds, and the two processes of snapshots, which are asked over HTTP how they are. */
export type BareCluster = Awaited<ReturnType<typeof bareCluster>>;

/** Kinds that are missing are asked for this often, so that nobody waits for them. */
const retryCrdIntervalMaxMs = 200;

export async function bareCluster(kubeconfig: string) {
  const driver = await scriptedDriver();
  const client = await connect({ kubeconfig, userAgent: "test" });
  const stop = new AbortController();
  const { signal } = stop;
  const processes = await startProcesses({ kubeconfig, csiAddress: driver.address, signal });
  const given: Given = { client, driver, signal };
  return {
    ...given,
    ...processes,
    ...definitionsIn(given),
    ...objectsIn(given),
    until<T extends KubeObject>(resource: Resource<T>, at: At, until: (found: T | undefined) => boolean) {
      const limit = AbortSignal.timeout(30_000);
      return waitFor(client, resource, at, { what: `${resource.kind} ${at.name}`, until, signal: limit });
    },
    async stop() {
      stop.abort();
      await processes.ended();
      client.close();
      await driver.stop();
    },
  };
}

interface Given {
  readonly client: Client;
  readonly driver: ScriptedDriver;
  readonly signal: AbortSignal;
}

async function startProcesses(given: {
  readonly kubeconfig: string;
  readonly csiAddress: string;
  readonly signal: AbortSignal;
}) {
  const { signal, ...where } = given;
  const http = { httpEndpoint: { host: "127.0.0.1", port: 0 }, metricsPath: "/metrics", retryCrdIntervalMaxMs };
  const options = { ...defaultWorkers, ...where, ...http, timeoutMs: 10_000, extraCreateMetadata: false };
  const started = async (start: (around: Surroundings) => Promise<Running>) => {
    const { log, ask } = asking();
    const { ended } = await start({ clock: systemClock, random: systemRandom, log, signal });
    return { ask, ended: ended.catch(() => undefined) }; // it ends by the signal's reason
  };
  const controller = await started((around) => startSnapshotController(options, around));
  const sidecar = await started((around) => startCsiSnapshotter(options, around));
  const ended = () => Promise.all([controller.ended, sidecar.ended]);
  return { controller: controller.ask, sidecar: sidecar.ask, ended };
}

function definitionsIn({ client, signal }: Given) {
  const matching = (which: RegExp) => crds.filter(({ metadata }) => which.test(metadata.name));
  return {
    /** Installs the definitions whose names match. */
    async install(which: RegExp) {
      for (const crd of matching(which)) {
        await client.create(definitions, crd, { signal });
        await waitFor(client, definitions, crd.metadata, { what: crd.metadata.name, until: isEstablished, signal });
      }
    },
    async remove(which: RegExp) {
      for (const { metadata } of matching(which)) await client.delete(definitions, metadata, { signal });
    },
    /** Serves version v1 of a kind, or leaves it with the others. */
    async serveV1(name: string, served: boolean) {
      const { spec } = await client.get(definitions, { name }, { signal });
      const { versions } = spec as { readonly versions: readonly { readonly name: string }[] };
      const changed = versions.map((version) => (version.name === "v1" ? { ...version, served } : version));
      await client.patch(definitions, { name }, { type: "merge", patch: { spec: { versions: changed } } }, { signal });
    },
  };
}

function objectsIn({ client, driver, signal }: Given) {
  const single = { apiVersion: "snapshot.storage.k8s.io/v1" };
  return {
    /** A namespace with a bound claim "data" labelled app=db, and its volume. */
    async makeClaim() {
      await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } }, { signal });
      const { claim, volume } = aSourceClaim("data");
      driver.world.addVolume({ id: volume.spec.csi?.volumeHandle ?? "", name: "data", sizeBytes: 1n << 30n });
      const stored = await client.create(claims, strip(claim), { signal });
      const { name = "", namespace = "" } = volume.spec.claimRef ?? {};
      const claimRef = { apiVersion: "v1", kind: claims.kind, namespace, name, uid: stored.metadata.uid };
      await client.create(volumes, { ...strip(volume), spec: { ...volume.spec, claimRef } }, { signal });
      await client.updateStatus(claims, { ...stored, status: claim.status ?? {} }, { signal });
    },
    makeClass() {
      const head = { ...single, kind: classes.kind, metadata: { name: "singles" } };
      return client.create(classes, { ...head, driver: driver.name, deletionPolicy: "Delete" }, { signal });
    },
    makeSnapshot(name: string) {
      const spec = { volumeSnapshotClassName: "singles", source: { persistentVolumeClaimName: "data" } };
      const head = { ...single, kind: snapshots.kind, metadata: { namespace: "shop", name } };
      return client.create(snapshots, { ...head, spec }, { signal });
    },
    makeGroup: (name: string) => client.create(groupSnapshots, strip(aGroup({}, { name })), { signal }),
    makeGroupClass: () => client.create(groupClasses, strip(aGroupClass()), { signal }),
  };
}

/** A log that hears where metrics are served, and how to ask there. */
function asking() {
  let address = "";
  const log: Logger = {
    ...silent,
    child: () => silent,
    info(fields) {
      if (typeof fields === "object" && "address" in fields) address = String(fields.address);
    },
  };
  const ask = async (path: string) => {
    const answer = await fetch(`http://${address}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  return { log, ask };
}
