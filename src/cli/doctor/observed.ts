import type { GroupSnapshot, GroupSnapshotClass, GroupSnapshotContent } from "../../api/group-snapshot/types.ts";
import type { Process } from "../../api/permissions.ts";
import type { Snapshot, SnapshotClass, SnapshotContent } from "../../api/snapshot/types.ts";
import type { Claim } from "../../kube/core/claim.ts";
import type { Lease } from "../../kube/core/lease.ts";
import type { CsiNode } from "../../kube/core/node.ts";
import type { Condition, KubeObject } from "../../kube/object.ts";
import type { DriverSaid } from "../../processes/ask-driver.ts";

/** A list, or why it could not be read. */
export type Looked<T> =
  | { readonly items: readonly T[]; readonly trouble?: undefined }
  | { readonly items: readonly []; readonly trouble: string };

/** A CustomResourceDefinition, as far as its versions and their conversion go. */
export interface DefinitionSeen extends KubeObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean; readonly storage: boolean }[];
    readonly conversion?: {
      readonly strategy?: string;
      readonly webhook?: { readonly clientConfig?: ClientConfig };
    };
  };
  readonly status?: {
    readonly conditions?: readonly Pick<Condition, "type" | "status" | "reason" | "message">[];
    readonly storedVersions?: readonly string[];
  };
}

export interface ClientConfig {
  readonly url?: string;
  readonly service?: { readonly namespace: string; readonly name: string; readonly port?: number };
  /** Base64 of PEM. */
  readonly caBundle?: string;
}

/** A webhook, tried. */
export interface WebhookSeen {
  /** Of the definition. */
  readonly definition: string;
  /** What the service or the address lacks; undefined where it answers, or nobody could tell. */
  readonly unreachable?: string;
  /** What the API server said when it was asked for objects in another version than the stored one. */
  readonly failed?: string;
  /** When each certificate of its bundle ends; undefined where one cannot be read. */
  readonly bundleEnds: readonly Date[] | undefined;
}

export interface PodSeen extends KubeObject {
  readonly spec: {
    readonly serviceAccountName?: string;
    readonly containers: readonly ContainerSeen[];
  };
  readonly status?: { readonly phase?: string };
}

export interface ContainerSeen {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

/** What a service account lacks of its process's permissions: "patch persistentvolumeclaims". */
export interface AccessSeen {
  readonly process: Process;
  readonly account: string;
  readonly missing: readonly string[];
}

/** Every fact from which a cluster is judged. */
export interface Observed {
  readonly now: Date;
  /** The API server's version: "v1.37.2". */
  readonly server: string;
  /** What takes longer than this is stuck. */
  readonly stuckAfterMs: number;
  readonly definitions: Looked<DefinitionSeen>;
  readonly webhooks: readonly WebhookSeen[];
  readonly groups: Looked<GroupSnapshot>;
  readonly groupContents: Looked<GroupSnapshotContent>;
  readonly groupClasses: Looked<GroupSnapshotClass>;
  readonly snapshots: Looked<Snapshot>;
  readonly contents: Looked<SnapshotContent>;
  readonly classes: Looked<SnapshotClass>;
  readonly claims: Looked<Claim>;
  readonly csiDrivers: Looked<KubeObject>;
  readonly csiNodes: Looked<CsiNode>;
  readonly leases: Looked<Lease>;
  readonly pods: Looked<PodSeen>;
  readonly access: readonly AccessSeen[];
  /** The drivers that the doctor was told to ask, or found on this machine. */
  readonly asked: readonly DriverSaid[];
}
