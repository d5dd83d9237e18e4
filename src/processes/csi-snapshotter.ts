import { groupClasses, groupContents } from "../api/group-snapshot/resources.ts";
import { managedBy } from "../api/labels.ts";
import { groupSnapshotNaming, type StorageNaming, snapshotNaming } from "../api/names.ts";
import { classes, contents } from "../api/snapshot/resources.ts";
import type { Capabilities } from "../csi/capabilities.ts";
import type { Csi } from "../csi/client.ts";
import type { Client } from "../kube/client/client.ts";
import { groupContentController } from "../snapshots/group/content-controller.ts";
import { singleCutting } from "../snapshots/single/cutting/controller.ts";
import { type ApiOptions, connect } from "./connect.ts";
import { controllerHost, type HostOptions } from "./controller-host.ts";
import { connectDriver } from "./csi.ts";
import { type HttpOptions, serveMetrics } from "./http-endpoint.ts";
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
}

/** The sidecar: cuts and deletes, through one driver, what contents ask for. */
export async function startCsiSnapshotter(
  options: ApiOptions & HttpOptions & SnapshotterOptions & { readonly csiAddress: string },
  around: Surroundings,
): Promise<Running> {
  const metrics = await serveMetrics(options, around);
  const driver = await connectDriver(options.csiAddress, around, metrics?.csi);
  const client = await connect({ ...options, userAgent: "groupsnap-csi-snapshotter" });
  const { ended } = await runCsiSnapshotter(
    { client, ...driver },
    { ...options, metrics: metrics?.controllers },
    around,
  );
  return { ready: `csi-snapshotter of ${driver.capabilities.driver}`, ended };
}

export function runCsiSnapshotter(
  peers: { readonly client: Client; readonly csi: Csi; readonly capabilities: Capabilities },
  options: SnapshotterOptions,
  around: Surroundings,
): Promise<{ readonly ended: Promise<void> }> {
  const { csi, capabilities } = peers;
  const { timeoutMs, extraCreateMetadata } = options;
  const host = controllerHost(
    peers.client,
    { component: `csi-snapshotter ${capabilities.driver}`, ...options },
    around,
  );
  const selected = options.nodeName === undefined ? {} : { labelSelector: `${managedBy}=${options.nodeName}` };
  host.add(
    groupContentController({
      caches: {
        groupContents: host.cache(groupContents, { optional: true, ...selected }),
        groupClasses: host.cache(groupClasses, { optional: true }),
      },
      csi,
      driver: capabilities.driver,
      canCutGroups:
        capabilities.plugin.has("GROUP_CONTROLLER_SERVICE") &&
        capabilities.group.has("CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT"),
      options: {
        naming: named(groupSnapshotNaming, options.groupsnapshotNamePrefix, options.groupsnapshotNameUuidLength),
        timeoutMs,
        extraCreateMetadata,
      },
    }),
  );
  host.add(
    singleCutting({
      contents: host.cache(contents, selected),
      classes: host.cache(classes),
      csi,
      capabilities,
      naming: named(snapshotNaming, options.snapshotNamePrefix, options.snapshotNameUuidLength),
      timeoutMs,
      extraCreateMetadata,
    }),
  );
  return host.start();
}

const named = (usual: StorageNaming, prefix = usual.prefix, uidLength = usual.uidLength): StorageNaming => ({
  prefix,
  uidLength,
});
