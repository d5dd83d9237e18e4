import { groupClasses, groupContents, groupSnapshots } from "../api/group-snapshot/resources.ts";
import { classes, contents, snapshots } from "../api/snapshot/resources.ts";
import type { Client } from "../kube/client/client.ts";
import { claims } from "../kube/core/claim.ts";
import { volumes } from "../kube/core/volume.ts";
import { groupController } from "../snapshots/group/controller.ts";
import { groupContentGuard } from "../snapshots/group/release/guard.ts";
import {
  claimIndexes,
  contentIndexes,
  groupContentIndexes,
  groupIndexes,
  type SnapshotCaches,
  snapshotIndexes,
  volumeIndexes,
} from "../snapshots/pairing/caches.ts";
import { claimProtection } from "../snapshots/pairing/claim/controller.ts";
import { singleContentController } from "../snapshots/single/content/controller.ts";
import { singleController } from "../snapshots/single/controller.ts";
import { type ApiOptions, connect } from "./connect.ts";
import { type ControllerHost, controllerHost } from "./controller-host.ts";
import type { Running, Surroundings } from "./surroundings.ts";

/** Everything the snapshot-controller runs, in the order in which a snapshot meets it. */
export async function startSnapshotController(options: ApiOptions, around: Surroundings): Promise<Running> {
  const client = await connect({ ...options, userAgent: "groupsnap-snapshot-controller" });
  const { ended } = await runSnapshotController(client, options, around);
  return { ready: "snapshot-controller", ended };
}

export function runSnapshotController(
  client: Client,
  options: Pick<ApiOptions, "workerThreads" | "workerActions">,
  around: Surroundings,
): Promise<{ readonly ended: Promise<void> }> {
  const host = controllerHost(client, { component: "snapshot-controller", ...options }, around);
  const caches = cachesOf(host);
  host.add(claimProtection({ caches }));
  host.add(groupController({ caches }));
  host.add(groupContentGuard({ caches }));
  host.add(singleController({ caches }));
  host.add(singleContentController({ caches }));
  return host.start();
}

/** Group kinds that are not served hold nothing up: single snapshots go on, and groups begin when their CRDs appear. */
function cachesOf(host: ControllerHost): SnapshotCaches {
  return {
    claims: host.cache(claims, { indexes: claimIndexes }),
    volumes: host.cache(volumes, { indexes: volumeIndexes }),
    snapshots: host.cache(snapshots, { indexes: snapshotIndexes }),
    contents: host.cache(contents, { indexes: contentIndexes }),
    classes: host.cache(classes),
    groups: host.cache(groupSnapshots, { indexes: groupIndexes, optional: true }),
    groupContents: host.cache(groupContents, { indexes: groupContentIndexes, optional: true }),
    groupClasses: host.cache(groupClasses, { optional: true }),
  };
}
