import { hostname } from "node:os";
import { join } from "node:path";
import type { Capabilities } from "../csi/capabilities.ts";
import type { Csi } from "../csi/client.ts";
import type { Client } from "../kube/client/client.ts";
import { claims } from "../kube/core/claim.ts";
import { pods } from "../kube/core/pod.ts";
import { storageClasses } from "../kube/core/storage-class.ts";
import { volumes } from "../kube/core/volume.ts";
import { claimBinder } from "../node/binder.ts";
import { nodeClaimIndexes, nodePodIndexes, nodeVolumeIndexes } from "../node/deps.ts";
import { claimPublisher } from "../node/publisher.ts";
import { endOrphans } from "../node/publishing/orphans.ts";
import { openRecords } from "../node/publishing/records.ts";
import { releaseAll } from "../node/publishing/release.ts";
import { labelsOf, registerNode, topologyOf } from "../node/register.ts";
import { volumePhases } from "../node/volume-phases.ts";
import { connect } from "./connect.ts";
import { controllerHost, defaultWorkers } from "./controller-host.ts";
import { closedWith, connectDriver } from "./csi.ts";
import { startGraceful } from "./graceful.ts";
import type { Running, Surroundings } from "./surroundings.ts";

/** Limit of one call to the driver. */
const timeoutMs = 60_000;

/** This machine as the embedded API's only node: binds claims, and publishes them below the data folder. */
export async function startNode(
  options: { readonly kubeconfig?: string; readonly csiAddress: string; readonly dataDir: string },
  around: Surroundings,
): Promise<Running> {
  const driver = await connectDriver(options.csiAddress, around);
  return startGraceful(around, async (own) => {
    closedWith(own.signal, driver);
    const client = await connect({ ...options, userAgent: "groupsnap-node" });
    const { ended } = await runNode({ client, ...driver }, { dataDir: options.dataDir, nodeName: thisNode() }, own);
    return { ready: `node ${thisNode()}`, ended };
  });
}

/** The machine's name as Kubernetes takes names: lower case. */
export function thisNode(): string {
  return hostname().toLowerCase();
}

export async function runNode(
  peers: { readonly client: Client; readonly csi: Csi; readonly capabilities: Capabilities },
  { dataDir, nodeName }: { readonly dataDir: string; readonly nodeName: string },
  around: Surroundings,
): Promise<{ readonly ended: Promise<void> }> {
  const { client, csi, capabilities } = peers;
  const { signal, clock } = around;
  const { nodeId, topology } = await topologyOf(csi, { signal, timeoutMs });
  await registerNode(client, { nodeName, driver: capabilities.driver, nodeId, topology, now: clock.now() }, signal);
  const host = controllerHost(client, { component: "node", ...defaultWorkers }, around);
  const caches = {
    claims: host.cache(claims, { indexes: nodeClaimIndexes }),
    volumes: host.cache(volumes, { indexes: nodeVolumeIndexes }),
    storageClasses: host.cache(storageClasses),
    pods: host.cache(pods, { indexes: nodePodIndexes }),
  };
  const records = await recordsIn(dataDir);
  const options = { nodeName, nodeLabels: labelsOf({ nodeName, topology }), dataDir, timeoutMs };
  const deps = { csi, capabilities, caches, records, options };
  host.add(claimBinder(deps));
  host.add(volumePhases(deps));
  host.add(claimPublisher(deps));
  const started = host.start();
  const orphans = endOrphans(deps, around);
  const { ended } = await started;
  return { ended: Promise.all([ended, orphans]).then(() => undefined) };
}

/** Takes volumes from their paths, for a driver that is about to end, and whose volumes would stay there. */
export async function releaseVolumes(
  peers: { readonly csi: Csi; readonly capabilities: Capabilities },
  { dataDir }: { readonly dataDir: string },
  around: Surroundings,
): Promise<void> {
  await releaseAll({ ...peers, records: await recordsIn(dataDir), options: { timeoutMs } }, around);
}

const recordsIn = (dataDir: string) => openRecords(join(dataDir, "published"));
