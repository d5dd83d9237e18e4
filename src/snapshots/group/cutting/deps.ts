import type { GroupSnapshotClass, GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import type { StorageNaming } from "../../../api/names.ts";
import type { Csi } from "../../../csi/client.ts";
import type { Cache } from "../../../kube/cache/cache.ts";

/** What the sidecar of one driver needs to cut and release group snapshots. */
export interface GroupContentDeps {
  readonly caches: {
    readonly groupContents: Cache<GroupSnapshotContent>;
    readonly groupClasses: Cache<GroupSnapshotClass>;
  };
  readonly csi: Pick<Csi, "groupController">;
  /** The driver's name; contents of others are left alone. */
  readonly driver: string;
  /** The driver says GROUP_CONTROLLER_SERVICE and CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT. If not, contents tell so. */
  readonly canCutGroups: boolean;
  readonly options: GroupContentOptions;
}

interface GroupContentOptions {
  /** How the driver is told to call the cut: `groupSnapshotNaming` unless flags say otherwise. */
  readonly naming: StorageNaming;
  /** For each call to the driver. */
  readonly timeoutMs: number;
  /** Tell the driver, in parameters, for which objects it works. */
  readonly extraCreateMetadata: boolean;
}
