import type { Resource } from "../kube/object.ts";
import { groupSnapshotCrds } from "./group-snapshot/crds.ts";
import { groupClasses, groupContents, groupSnapshots } from "./group-snapshot/resources.ts";
import { classes, contents, snapshots } from "./snapshot/resources.ts";

/**
 * What each process may do to a cluster's API, and why: nothing more than it does. The roles in deploy/ are generated from
 * here; test/conformance/rbac.test.ts runs the processes with them, and counts.
 */
export type Process = "snapshot-controller" | "csi-snapshotter" | "webhook" | "provisioner" | "node";

export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";

export interface Permission {
  readonly on: Pick<Resource, "group" | "plural">;
  readonly subresource?: "status";
  readonly verbs: readonly Verb[];
  /** Only objects of these names; creation cannot be held to names. */
  readonly names?: readonly string[];
  readonly why: string;
}

export interface Permissions {
  /** Anywhere in the cluster. */
  readonly cluster: readonly Permission[];
  /** In the namespace that the process runs in, where several of it compete. */
  readonly leader: readonly Permission[];
  /** Anywhere, with --enable-distributed-snapshotting only. */
  readonly distributed: readonly Permission[];
  /** In the namespace that the process runs in, with --enable-capacity only. */
  readonly capacity: readonly Permission[];
  /** In namespaces whose secrets a class names; bound by whoever writes such a class, and by nobody else. */
  readonly secrets: readonly Permission[];
}

const core = (plural: string) => ({ group: "", plural });
const storage = (plural: string) => ({ group: "storage.k8s.io", plural });
const leases = { group: "coordination.k8s.io", plural: "leases" };
const definitions = { group: "apiextensions.k8s.io", plural: "customresourcedefinitions" };

const follow: readonly Verb[] = ["list", "watch"];
const read: readonly Verb[] = ["get", ...follow];

/** Said once, an event is created; said again, its count is raised, which after a restart has to be read first. */
const events: Permission = {
  on: core("events"),
  verbs: ["get", "create", "patch"],
  why: "what happened, on the object",
};

const secrets: readonly Permission[] = [
  { on: core("secrets"), verbs: ["get"], why: "credentials that a class names for the driver" },
];

/** One of several replicas leads; where the lease's name is known, only that one is touched. */
const election = (name?: string): readonly Permission[] => [
  { on: leases, verbs: ["create"], why: "leader election, the first time" },
  { on: leases, verbs: ["get", "update"], ...(name && { names: [name] }), why: "leader election: to hold the lease" },
];

/** The lease that snapshot-controllers compete for, upstream's and ours. */
export const controllerLease = "snapshot-controller-leader";
/** Sidecars of one driver compete for this and the driver's name. */
export const snapshotterLeasePrefix = "external-snapshotter-leader-";

export const permissions: Readonly<Record<Process, Permissions>> = {
  "snapshot-controller": {
    cluster: [
      {
        on: core("persistentvolumeclaims"),
        verbs: [...read, "patch"],
        why: "the claims of a group, and their protection",
      },
      { on: core("persistentvolumes"), verbs: read, why: "the volumes behind the claims" },
      { on: classes, verbs: follow, why: "the class of a snapshot" },
      { on: snapshots, verbs: [...read, "create", "patch", "delete"], why: "snapshots, members among them" },
      { on: snapshots, subresource: "status", verbs: ["update", "patch"], why: "what became of a snapshot" },
      { on: contents, verbs: [...read, "create", "patch", "delete"], why: "one content for each snapshot" },
      { on: contents, subresource: "status", verbs: ["update"], why: "what the group's cut says of a member" },
      { on: groupClasses, verbs: follow, why: "the class of a group snapshot" },
      { on: groupSnapshots, verbs: [...read, "patch"], why: "group snapshots" },
      { on: groupSnapshots, subresource: "status", verbs: ["update"], why: "what became of a group snapshot" },
      { on: groupContents, verbs: [...read, "create", "patch", "delete"], why: "one content for each group" },
      events,
    ],
    leader: election(controllerLease),
    distributed: [{ on: core("nodes"), verbs: follow, why: "which node reaches a volume" }],
    capacity: [],
    secrets: [],
  },
  "csi-snapshotter": {
    cluster: [
      { on: classes, verbs: follow, why: "the parameters of a class" },
      { on: contents, verbs: [...follow, "patch"], why: "what is to be cut or deleted, and marks on it" },
      { on: contents, subresource: "status", verbs: ["patch"], why: "what the driver said" },
      { on: groupClasses, verbs: follow, why: "the parameters of a group's class" },
      { on: groupContents, verbs: [...follow, "patch"], why: "what is to be cut or deleted, and marks on it" },
      { on: groupContents, subresource: "status", verbs: ["update"], why: "what the driver said" },
      events,
    ],
    leader: election(),
    distributed: [],
    capacity: [],
    secrets,
  },
  webhook: {
    cluster: [
      {
        on: definitions,
        verbs: [...follow, "patch"],
        names: groupSnapshotCrds.map(({ metadata }) => metadata.name),
        why: "where API servers find the webhook, and its certificate authority",
      },
    ],
    leader: [],
    distributed: [],
    capacity: [],
    secrets: [],
  },
  provisioner: {
    cluster: [
      { on: core("persistentvolumeclaims"), verbs: [...follow, "patch"], why: "claims that want a volume" },
      { on: core("persistentvolumeclaims"), subresource: "status", verbs: ["patch"], why: "how far a claim has grown" },
      {
        on: core("persistentvolumes"),
        verbs: [...follow, "create", "patch", "delete"],
        why: "the volumes made for them",
      },
      { on: storage("storageclasses"), verbs: follow, why: "the parameters of a class" },
      { on: snapshots, verbs: follow, why: "what a claim is restored from" },
      { on: contents, verbs: follow, why: "where that is on the storage" },
      { on: core("nodes"), verbs: follow, why: "where volumes can be reached" },
      { on: storage("csinodes"), verbs: follow, why: "which nodes have the driver" },
      { on: storage("csistoragecapacities"), verbs: follow, why: "what was told of the room there is" },
      events,
    ],
    leader: election(),
    distributed: [],
    capacity: [
      {
        on: storage("csistoragecapacities"),
        verbs: ["create", "patch", "delete"],
        why: "to tell the scheduler how much room there is",
      },
    ],
    secrets,
  },
  node: {
    cluster: [
      { on: core("nodes"), verbs: ["get", "create", "patch"], why: "to register this machine" },
      { on: core("nodes"), subresource: "status", verbs: ["patch"], why: "that this machine is ready" },
      { on: storage("csinodes"), verbs: ["get", "create", "patch"], why: "to register the driver" },
      {
        on: core("persistentvolumeclaims"),
        verbs: [...read, "patch"],
        why: "to bind claims, and say where they appear",
      },
      { on: core("persistentvolumeclaims"), subresource: "status", verbs: ["patch"], why: "that a claim is bound" },
      { on: core("persistentvolumes"), verbs: [...read, "patch"], why: "to bind volumes" },
      { on: core("persistentvolumes"), subresource: "status", verbs: ["patch"], why: "the phase of a volume" },
      { on: storage("storageclasses"), verbs: follow, why: "which claims wait for their first pod" },
      { on: core("pods"), verbs: follow, why: "which claims are used here" },
      events,
    ],
    leader: [],
    distributed: [],
    capacity: [],
    secrets: [],
  },
};
