import { groupSnapshotGroup } from "../api/group-snapshot/resources.ts";
import { controllerLease } from "../api/permissions.ts";
import type { Client } from "../kube/client/client.ts";
import type { Resource } from "../kube/object.ts";
import { groupController } from "../snapshots/group/controller.ts";
import { groupContentGuard } from "../snapshots/group/release/guard.ts";
import { countOperations } from "../snapshots/operations/count.ts";
import { snapshotCaches } from "../snapshots/pairing/caches.ts";
import { claimProtection } from "../snapshots/pairing/claim/controller.ts";
import type { SnapshotOptions } from "../snapshots/pairing/options.ts";
import { singleContentController } from "../snapshots/single/content/controller.ts";
import { singleController } from "../snapshots/single/controller.ts";
import { type ApiOptions, connect, connectCandidate } from "./connect.ts";
import { controllerHost, type HostOptions } from "./controller-host.ts";
import { groupsAreOff } from "./groups-are-off.ts";
import { type HttpOptions, serveMetrics } from "./http-endpoint.ts";
import { latePermit, startLeading } from "./leading.ts";
import type { Running, Surroundings } from "./surroundings.ts";

/** Everything the snapshot-controller runs, in the order in which a snapshot meets it. */
export async function startSnapshotController(
  options: ApiOptions & HttpOptions & SnapshotOptions,
  around: Surroundings,
): Promise<Running> {
  const metrics = await serveMetrics(options, around);
  const late = latePermit();
  const lease = controllerLease;
  const leading = {
    ...options,
    lease,
    connect: connectCandidate(options, "snapshot-controller"),
    late,
    metrics,
  };
  return startLeading(leading, around, async (own) => {
    const client = await connect({ ...options, userAgent: "groupsnap-snapshot-controller", permit: late.permit });
    const { ended } = await runSnapshotController(client, { ...options, metrics }, own);
    return { ready: "snapshot-controller", ended };
  });
}

export function runSnapshotController(
  client: Client,
  options: Omit<HostOptions, "component"> & SnapshotOptions,
  around: Surroundings,
): Promise<{ readonly ended: Promise<void> }> {
  const host = controllerHost(client, { component: "snapshot-controller", ...options }, around);
  const quiet = (resource: Resource) => options.groupSnapshots === false && resource.group === groupSnapshotGroup;
  const caches = snapshotCaches(
    (resource, wanted) => host.cache(resource, { ...wanted, quiet: quiet(resource) }),
    options,
  );
  if (options.metrics) countOperations(caches, { metrics: options.metrics.operations, clock: around.clock });
  host.add(claimProtection({ caches }));
  if (options.groupSnapshots === false) around.log.warn({ gate: "CSIVolumeGroupSnapshot" }, groupsAreOff);
  else {
    host.add(groupController({ caches, options }));
    host.add(groupContentGuard({ caches }));
  }
  host.add(singleController({ caches, options }));
  host.add(singleContentController({ caches }));
  return host.start();
}
