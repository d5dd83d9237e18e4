import { contents, snapshots } from "../api/snapshot/resources.ts";
import type { Capabilities } from "../csi/capabilities.ts";
import type { Csi } from "../csi/client.ts";
import type { Client } from "../kube/client/client.ts";
import { claims } from "../kube/core/claim.ts";
import { csiNodes, nodes } from "../kube/core/node.ts";
import { capacityDriverLabel, storageCapacities } from "../kube/core/storage-capacity.ts";
import { storageClasses } from "../kube/core/storage-class.ts";
import { volumes } from "../kube/core/volume.ts";
import { capacityTeller } from "../provisioning/capacity/controller.ts";
import type { CapacityOptions } from "../provisioning/capacity/deps.ts";
import { claimProvisioner } from "../provisioning/claims.ts";
import { claimIndexes } from "../provisioning/deps.ts";
import { volumeReleaser } from "../provisioning/volumes.ts";
import { type ApiOptions, connect, connectCandidate } from "./connect.ts";
import { controllerHost, type HostOptions } from "./controller-host.ts";
import { closedWith, connectDriver } from "./csi.ts";
import { type HttpOptions, serveMetrics } from "./http-endpoint.ts";
import { latePermit, startLeading } from "./leading.ts";
import type { Running, Surroundings } from "./surroundings.ts";

export interface ProvisionerOptions extends Omit<HostOptions, "component"> {
  /** Limit of one call to the driver. */
  readonly timeoutMs: number;
  readonly extraCreateMetadata: boolean;
  /** Volumes are made on this node only; on all of the driver's unless it is given. */
  readonly nodeName?: string | undefined;
  /** What is told to the scheduler of the room there is; nothing unless it is given. */
  readonly capacity?: Pick<CapacityOptions, "namespace" | "owner" | "forImmediateBinding" | "pollMs"> | undefined;
}

/** The provisioner: volumes of one driver for the claims that want them. */
export async function startProvisioner(
  options: ApiOptions & HttpOptions & ProvisionerOptions & { readonly csiAddress: string },
  around: Surroundings,
): Promise<Running> {
  const metrics = await serveMetrics(options, around);
  const late = latePermit();
  const driver = await connectDriver(options.csiAddress, around, { metrics, permit: late.permit });
  // external-provisioner's name for it: two provisioners of one driver keep each other out, whoever made them.
  const lease = driver.capabilities.driver;
  const leading = {
    ...options,
    lease,
    connect: connectCandidate(options, "provisioner"),
    late,
    metrics,
  };
  return startLeading(leading, around, async (own) => {
    closedWith(own.signal, driver);
    const client = await connect({ ...options, userAgent: "groupsnap-provisioner", permit: late.permit });
    const { ended } = await runProvisioner({ client, ...driver }, { ...options, metrics }, own);
    return { ready: `provisioner of ${driver.capabilities.driver}`, ended };
  });
}

export async function runProvisioner(
  peers: { readonly client: Client; readonly csi: Csi; readonly capabilities: Capabilities },
  options: ProvisionerOptions,
  around: Surroundings,
): Promise<{ readonly ended: Promise<void> }> {
  const { csi, capabilities } = peers;
  const host = controllerHost(peers.client, { component: capabilities.driver, ...options }, around);
  const caches = {
    claims: host.cache(claims, { indexes: claimIndexes }),
    volumes: host.cache(volumes),
    storageClasses: host.cache(storageClasses),
    snapshots: host.cache(snapshots, { optional: true, quiet: true }),
    snapshotContents: host.cache(contents, { optional: true, quiet: true }),
    nodes: host.cache(nodes),
    csiNodes: host.cache(csiNodes),
  };
  const { nodeName, timeoutMs } = options;
  const call = { signal: around.stopping ?? around.signal, timeoutMs };
  const place = nodeName && (await csi.node.nodeGetInfo({}, call)).accessibleTopology?.segments;
  const deps = { csi, capabilities, caches, options: { ...options, place: place || undefined } };
  host.add(claimProvisioner(deps));
  host.add(volumeReleaser(deps));
  if (options.capacity) {
    const labelSelector = `${capacityDriverLabel}=${capabilities.driver}`;
    const capacities = host.cache(storageCapacities, { labelSelector });
    const told = { ...options.capacity, nodeName, timeoutMs };
    host.add(capacityTeller({ csi, capabilities, caches: { ...caches, capacities }, options: told }));
  }
  return host.start();
}
