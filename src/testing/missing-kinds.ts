import { crds } from "../api/crds.ts";
import { groupSnapshots } from "../api/group-snapshot/resources.ts";
import { classes, snapshots } from "../api/snapshot/resources.ts";
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
import type { Running } from "../processes/surroundings.ts";
import { aGroup, aGroupClass, aSourceClaim } from "./group-builders.ts";
import { scriptedDriver } from "./scripted-driver.ts";
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
  const options = {
    ...defaultWorkers,
    kubeconfig,
    httpEndpoint: { host: "127.0.0.1", port: 0 },
    metricsPath: "/metrics",
    retryCrdIntervalMaxMs,
  };
  const started = async (start: (log: Logger) => Promise<Running>) => {
    const { log, ask } = asking();
    const { ended } = await start(log);
    return { ask, ended };
  };
  const around = (log: Logger) => ({ clock: systemClock, random: systemRandom, log, signal });
  const controller = await started((log) => startSnapshotController(options, around(log)));
  const sidecarOptions = { ...options, csiAddress: driver.address, timeoutMs: 10_000, extraCreateMetadata: false };
  const sidecar = await started((log) => startCsiSnapshotter(sidecarOptions, around(log)));
  return {
    client,
    signal,
    controller: controller.ask,
    sidecar: sidecar.ask,
    /** Installs the definitions whose names match. */
    async install(which: RegExp) {
      for (const crd of crds.filter(({ metadata }) => which.test(metadata.name))) {
        await client.create(definitions, crd, { signal });
        await waitFor(client, definitions, crd.metadata, { what: crd.metadata.name, until: isEstablished, signal });
      }
    },
    async remove(which: RegExp) {
      for (const { metadata } of crds.filter(({ metadata: { name } }) => which.test(name)))
        await client.delete(definitions, metadata, { signal });
    },
    /** Serves version v1 of a kind, or leaves it with the others. */
    async serveV1(name: string, served: boolean) {
      const { spec } = await client.get(definitions, { name }, { signal });
      const { versions } = spec as { readonly versions: readonly { readonly name: string }[] };
      const changed = versions.map((version) => (version.name === "v1" ? { ...version, served } : version));
      await client.patch(definitions, { name }, { type: "merge", patch: { spec: { versions: changed } } }, { signal });
    },
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
      const { driver: name, deletionPolicy } = aGroupClass();
      const head = { apiVersion: "snapshot.storage.k8s.io/v1", kind: classes.kind, metadata: { name: "singles" } };
      return client.create(classes, { ...head, driver: name, deletionPolicy }, { signal });
    },
    makeSnapshot(name: string) {
      const source = { persistentVolumeClaimName: "data" };
      const spec = { volumeSnapshotClassName: "singles", source };
      const head = { apiVersion: "snapshot.storage.k8s.io/v1", kind: snapshots.kind };
      return client.create(snapshots, { ...head, metadata: { namespace: "shop", name }, spec }, { signal });
    },
    makeGroup: (name: string) => client.create(groupSnapshots, strip(aGroup({}, { name })), { signal }),
    until<T extends KubeObject>(resource: Resource<T>, at: At, until: (found: T | undefined) => boolean) {
      const limit = AbortSignal.timeout(30_000);
      return waitFor(client, resource, at, { what: `${resource.kind} ${at.name}`, until, signal: limit });
    },
    async stop() {
      stop.abort();
      await Promise.all([controller.ended, sidecar.ended].map((ended) => ended.catch(() => undefined))); // the signal's reason
      client.close();
      await driver.stop();
    },
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
