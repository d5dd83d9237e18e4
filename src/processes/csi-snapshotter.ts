import { groupClasses, groupContents } from "../api/group-snapshot/resources.ts";
import { managedBy } from "../api/labels.ts";
import { groupSnapshotNaming, type StorageNaming, snapshotNaming } from "../api/names.ts";
import { snapshotterLeasePrefix } from "../api/permissions.ts";
import { classes, contents } from "../api/snapshot/resources.ts";
import type { Capabilities } from "../csi/capabilities.ts";
import type { Csi } from "../csi/client.ts";
import type { Client } from "../kube/client/client.ts";
import { groupContentController } from "../snapshots/group/content-controller.ts";
import { groupFinder } from "../snapshots/group/finding.ts";
import { unlabelled } from "../snapshots/pairing/finding/controller.ts";
import { singleCutting } from "../snapshots/single/cutting/controller.ts";
import { canFindSingles, singleFinder } from "../snapshots/single/finding.ts";
import { type ApiOptions, connect, connectCandidate } from "./connect.ts";
import { type ControllerHost, controllerHost, type HostOptions } from "./controller-host.ts";
import { closedWith, connectDriver } from "./csi.ts";
import { groupsAreOff } from "./groups-are-off.ts";
import { type HttpOptions, serveMetrics } from "./http-endpoint.ts";
import { latePermit, startLeading } from "./leading.ts";
import type { Running, Surroundings } from "./surroundings.ts";

export interface SnapshotterOptions extends Omit<HostOptions, "component"> {
  /** Limit of one call to the driver. */
  readonly timeoutMs: number;
  readonly snapshotNamePrefix?: string;
  readonly snapshotNameUuidLength?: number;
  readonly groupsnapshotNamePrefix?: string;
  readonly groupsnapshotNameUuidLength?: number;
  readonly extraCreateMetadata: boolean;
  /** Only contents that are labelled with this node are worked on; all of the driver's unless it is given. */
  readonly nodeName?: string;
  /** Unless it is false, contents without a label whose snapshot this node's driver has are labelled with the node. */
  readonly findPreProvisioned?: boolean;
  /** Unless it is false, group snapshots are worked on. */
  readonly groupSnapshots?: boolean;
}

/** The sidecar: cuts and deletes, through one driver, what contents ask for. */
export async function startCsiSnapshotter(
  options: ApiOptions & HttpOptions & SnapshotterOptions & { readonly csiAddress: string },
  around: Surroundings,
): Promise<Running> {
  const metrics = await serveMetrics(options, around);
  const late = latePermit();
  const driver = await connectDriver(options.csiAddress, around, { metrics, permit: late.permit });
  const lease = `${snapshotterLeasePrefix}${driver.capabilities.driver}`;
  const leading = {
    ...options,
    lease,
    connect: connectCandidate(options, "csi-snapshotter"),
    late,
    metrics,
  };
  return startLeading(leading, around, async (own) => {
    closedWith(own.signal, driver);
    const client = await connect({ ...options, userAgent: "groupsnap-csi-snapshotter", permit: late.permit });
    const hosted = { ...options, metrics };
    const { ended } = await runCsiSnapshotter({ client, ...driver }, hosted, own);
    return { ready: `csi-snapshotter of ${driver.capabilities.driver}`, ended };
  });
}

export function runCsiSnapshotter(
  peers: Peers,
  options: SnapshotterOptions,
  around: Surroundings,
): Promise<{ readonly ended: Promise<void> }> {
  const component = `csi-snapshotter ${peers.capabilities.driver}`;
  const host = controllerHost(peers.client, { component, ...options }, around);
  if (options.groupSnapshots === false) around.log.warn({ gate: "CSIVolumeGroupSnapshot" }, groupsAreOff);
  else addGroups(host, peers, options);
  addSingles(host, peers, options);
  if (finderNode(options) !== undefined && !canFindSingles(peers.capabilities)) around.log.warn({}, cannotFindSingles);
  return host.start();
}

function addGroups(host: ControllerHost, peers: Peers, options: SnapshotterOptions): void {
  const calls = groupCalls(peers, options);
  const optional = { optional: true, quiet: !calls.canCutGroups };
  const caches = {
    groupContents: host.cache(groupContents, { ...optional, ...selectedBy(options) }),
    groupClasses: host.cache(groupClasses, optional),
  };
  host.add(groupContentController({ caches, ...calls }));
  const nodeName = finderNode(options);
  if (nodeName === undefined || !calls.canCutGroups) return;
  host.add(groupFinder({ caches, ...calls, unlabelled: host.cache(groupContents, unlabelledOnly), nodeName }));
}

function addSingles(host: ControllerHost, { csi, capabilities }: Peers, options: SnapshotterOptions): void {
  const { timeoutMs, extraCreateMetadata } = options;
  const calls = {
    classes: host.cache(classes, { optional: true }),
    csi,
    capabilities,
    naming: named(snapshotNaming, options.snapshotNamePrefix, options.snapshotNameUuidLength),
    timeoutMs,
    extraCreateMetadata,
  };
  host.add(singleCutting({ contents: host.cache(contents, { optional: true, ...selectedBy(options) }), ...calls }));
  const nodeName = finderNode(options);
  if (nodeName === undefined || !canFindSingles(capabilities)) return;
  host.add(singleFinder({ ...calls, unlabelled: host.cache(contents, unlabelledOnly), nodeName }));
}

const selectedBy = ({ nodeName }: SnapshotterOptions) =>
  nodeName === undefined ? {} : { labelSelector: `${managedBy}=${nodeName}` };

/** That the kind is not served is told by the cache of those that are labelled. */
const unlabelledOnly = { optional: true, quiet: true, labelSelector: unlabelled };

const finderNode = ({ nodeName, findPreProvisioned = true }: SnapshotterOptions) =>
  findPreProvisioned ? nodeName : undefined;

const cannotFindSingles =
  "the driver offers neither GET_SNAPSHOT nor LIST_SNAPSHOTS, so nobody can ask it what it has: label pre-provisioned " +
  `VolumeSnapshotContents with ${managedBy} by hand`;

interface Peers {
  readonly client: Client;
  readonly csi: Csi;
  readonly capabilities: Capabilities;
}

function groupCalls({ csi, capabilities: { driver, plugin, group } }: Peers, options: SnapshotterOptions) {
  const { timeoutMs, extraCreateMetadata, groupsnapshotNamePrefix, groupsnapshotNameUuidLength } = options;
  const naming = named(groupSnapshotNaming, groupsnapshotNamePrefix, groupsnapshotNameUuidLength);
  return {
    csi,
    driver,
    canCutGroups: plugin.has("GROUP_CONTROLLER_SERVICE") && group.has("CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT"),
    options: { naming, timeoutMs, extraCreateMetadata },
  };
}

const named = (usual: StorageNaming, prefix = usual.prefix, uidLength = usual.uidLength): StorageNaming => ({
  prefix,
  uidLength,
});
