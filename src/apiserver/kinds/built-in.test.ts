import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { tableOf } from "../table/table.ts";
import { builtInKinds } from "./built-in.ts";
import type { AdmitRequest } from "./kind.ts";

const now = new Date("2026-11-22T16:00:00Z");
const create: AdmitRequest = { verb: "create", now };

function kindOf(name: string, group?: string) {
  const found = builtInKinds().find((kind) => kind.kind === name && (group === undefined || kind.group === group));
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}

const metadata = { name: "a", namespace: "n", creationTimestamp: "2026-11-22T15:58:00Z" };

function admit(name: string, object: JsonObject, old?: JsonObject) {
  const request: AdmitRequest = old ? { verb: "update", old, now } : create;
  return kindOf(name).admit({ metadata, ...object }, request);
}

const fieldsAtFault = (name: string, object: JsonObject, old?: JsonObject) =>
  admit(name, object, old && admit(name, old).object).errors.map((error) => error.field);

const cellsOf = (name: string, object: JsonObject, group?: string) =>
  (
    tableOf({ kind: kindOf(name, group), objects: [{ metadata, ...object }], listMeta: {}, includeObject: "None", now })
      .rows as unknown as readonly { cells: readonly unknown[] }[]
  )[0]?.cells;

describe("the built-in kinds", () => {
  test("are each there once, under one path", () => {
    const paths = builtInKinds().map((kind) => `${kind.group}/${kind.version}/${kind.plural}`);
    expect(new Set(paths).size).toBe(paths.length);
  });

  test("all accept what they have admitted before, unchanged", () => {
    const configMap = admit("ConfigMap", { data: { a: "1" } }).object;
    expect(kindOf("ConfigMap").admit(configMap, create).object).toEqual(configMap);
  });

  test("a secret takes plain text and keeps it encoded", () => {
    const { object } = admit("Secret", { stringData: { a: "hello" }, data: { b: "d29ybGQ=" } });
    expect(object).toMatchObject({ type: "Opaque", data: { a: "aGVsbG8=", b: "d29ybGQ=" } });
    expect(object.stringData).toBeUndefined();
  });

  test("a namespace begins active and carries its name as a label", () => {
    expect(admit("Namespace", { metadata: { name: "n" } }).object).toMatchObject({
      metadata: { labels: { "kubernetes.io/metadata.name": "n" } },
      spec: { finalizers: ["kubernetes"] },
      status: { phase: "Active" },
    });
  });

  test("a null timestamp, as Go clients send it, is as good as none", () => {
    const { object, errors } = admit("ConfigMap", { metadata: { ...metadata, creationTimestamp: null } });
    expect(errors).toEqual([]);
    expect(object.metadata).not.toHaveProperty("creationTimestamp");
  });

  test.each<[string, string, JsonObject, string]>([
    ["a name in upper case", "ConfigMap", { metadata: { name: "A" } }, "metadata.name"],
    ["a name of 254 characters", "ConfigMap", { metadata: { name: "a".repeat(254) } }, "metadata.name"],
    ["a namespace name of 64 characters", "Namespace", { metadata: { name: "a".repeat(64) } }, "metadata.name"],
    ["no name at all", "ConfigMap", { metadata: {} }, "metadata.name"],
    ["a label key with a space", "ConfigMap", { metadata: { name: "a", labels: { "a b": "c" } } }, "metadata.labels"],
    ["a label value with a slash", "ConfigMap", { metadata: { name: "a", labels: { a: "b/c" } } }, "metadata.labels"],
    [
      "annotations over 256 KiB",
      "ConfigMap",
      { metadata: { name: "a", annotations: { a: "x".repeat(262_144) } } },
      "metadata.annotations",
    ],
    [
      "a finalizer that is no name",
      "ConfigMap",
      { metadata: { name: "a", finalizers: ["a b"] } },
      "metadata.finalizers",
    ],
    [
      "an owner without a uid",
      "ConfigMap",
      { metadata: { name: "a", ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p", uid: "" }] } },
      "metadata.ownerReferences[0].uid",
    ],
    ["a bad key in a config map", "ConfigMap", { data: { "a/b": "1" } }, "data[a/b]"],
    ["a secret that is not base64", "Secret", { data: { a: "?" } }, "data.a"],
    ["a TLS secret without a key", "Secret", { type: "kubernetes.io/tls", data: { "tls.crt": "" } }, "data[tls.key]"],
    ["a class without a provisioner", "StorageClass", {}, "provisioner"],
    ["an unknown binding mode", "StorageClass", { provisioner: "p", volumeBindingMode: "Never" }, "volumeBindingMode"],
    [
      "an event in the wrong namespace",
      "Event",
      { involvedObject: { namespace: "other" } },
      "involvedObject.namespace",
    ],
    [
      "a role without verbs",
      "Role",
      { rules: [{ verbs: [], apiGroups: [""], resources: ["pods"] }] },
      "rules[0].verbs",
    ],
    [
      "a cluster-wide binding of a service account without its namespace",
      "ClusterRoleBinding",
      {
        roleRef: { kind: "Role", name: "r" },
        metadata: { name: "a" },
        subjects: [{ kind: "ServiceAccount", name: "s" }],
      },
      "subjects[0].namespace",
    ],
    [
      "a deployment whose pods escape it",
      "Deployment",
      { spec: { selector: { matchLabels: { a: "b" } }, template: { spec: { containers: [{ name: "c" }] } } } },
      "spec.template.metadata.labels",
    ],
    ["a lease of no duration", "Lease", { spec: { leaseDurationSeconds: 0 } }, "spec.leaseDurationSeconds"],
    [
      "a volume without a source",
      "PersistentVolume",
      { spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"] } },
      "spec",
    ],
    [
      "a volume with two sources",
      "PersistentVolume",
      {
        spec: {
          capacity: { storage: "1Gi" },
          accessModes: ["ReadWriteOnce"],
          csi: { driver: "d", volumeHandle: "h" },
          hostPath: { path: "/" },
        },
      },
      "spec.csi",
    ],
    [
      "a volume without a size",
      "PersistentVolume",
      { spec: { accessModes: ["ReadWriteOnce"], hostPath: { path: "/" } } },
      "spec.capacity",
    ],
  ])("refuse %s", (_what, kind, object, field) => {
    expect(fieldsAtFault(kind, object)[0]).toBe(field);
  });

  test.each<[string, string, JsonObject, JsonObject, string]>([
    ["the type of a secret", "Secret", { type: "a" }, { type: "b" }, "type"],
    [
      "an immutable config map",
      "ConfigMap",
      { immutable: true, data: { a: "1" } },
      { immutable: true, data: { a: "2" } },
      "data",
    ],
    [
      "the parameters of a class",
      "StorageClass",
      { provisioner: "p", parameters: { a: "1" } },
      { provisioner: "p" },
      "parameters",
    ],
    [
      "the role of a binding",
      "ClusterRoleBinding",
      { roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "a" } },
      { roleRef: { kind: "ClusterRole", name: "b" } },
      "roleRef",
    ],
    [
      "finalizers of an object that is being deleted",
      "ConfigMap",
      { metadata: { ...metadata, deletionTimestamp: "2026-11-22T15:59:00Z", finalizers: ["a/b"] } },
      { metadata: { ...metadata, finalizers: ["a/b", "c/d"] } },
      "metadata.finalizers",
    ],
  ])("let nobody change %s", (_what, kind, old, object, field) => {
    expect(fieldsAtFault(kind, object, old)).toEqual([field]);
  });

  test("an event is the same under both of its names", () => {
    const core = {
      apiVersion: "v1",
      kind: "Event",
      metadata,
      involvedObject: { name: "p" },
      message: "m",
      source: { component: "c" },
      count: 2,
      type: "Normal",
    };
    const shown = kindOf("Event", "events.k8s.io").keptAs?.fromStored(core);
    expect(shown).toEqual({
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata,
      regarding: { name: "p" },
      note: "m",
      deprecatedSource: { component: "c" },
      deprecatedCount: 2,
      type: "Normal",
    });
    expect(kindOf("Event", "events.k8s.io").keptAs?.toStored(shown ?? {})).toEqual(core);
  });

  test.each<[string, JsonObject, readonly unknown[]]>([
    [
      "PersistentVolumeClaim",
      {
        spec: { volumeName: "v", storageClassName: "fast", volumeMode: "Block" },
        status: { phase: "Bound", capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"] },
      },
      ["a", "Bound", "v", "1Gi", "RWO", "fast", "<unset>", "2m", "Block"],
    ],
    [
      "PersistentVolume",
      {
        spec: {
          capacity: { storage: "1Gi" },
          accessModes: ["ReadWriteMany", "ReadWriteOnce"],
          persistentVolumeReclaimPolicy: "Delete",
          claimRef: { namespace: "n", name: "c" },
          storageClassName: "fast",
          volumeMode: "Filesystem",
        },
        status: { phase: "Bound" },
      },
      ["a", "1Gi", "RWO,RWX", "Delete", "Bound", "n/c", "fast", "<unset>", "", "2m", "Filesystem"],
    ],
    [
      "StorageClass",
      {
        metadata: { ...metadata, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
        provisioner: "p",
        reclaimPolicy: "Delete",
        volumeBindingMode: "Immediate",
      },
      ["a (default)", "p", "Delete", "Immediate", false, "2m"],
    ],
    ["Secret", { type: "Opaque", data: { a: "", b: "" } }, ["a", "Opaque", 2, "2m"]],
    ["Lease", { spec: { holderIdentity: "me" } }, ["a", "me", "2m"]],
    ["Namespace", { status: { phase: "Active" } }, ["a", "Active", "2m"]],
    [
      "Node",
      {
        metadata: { ...metadata, labels: { "node-role.kubernetes.io/worker": "" } },
        spec: { unschedulable: true },
        status: { conditions: [{ type: "Ready", status: "True" }] },
      },
      ["a", "Ready,SchedulingDisabled", "worker", "2m", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"],
    ],
    [
      "VolumeAttachment",
      { spec: { attacher: "d", nodeName: "m", source: { persistentVolumeName: "v" } }, status: { attached: true } },
      ["a", "d", "v", "m", true, "2m"],
    ],
  ])("are shown by kubectl as %s is", (kind, object, cells) => {
    expect(cellsOf(kind, object)).toEqual(cells);
  });

  test("an event shows when it was last seen and what it happened to, under both names", () => {
    const event = {
      involvedObject: { kind: "Pod", name: "p" },
      reason: "R",
      message: "m\n",
      type: "Warning",
      lastTimestamp: "2026-11-22T15:59:30Z",
      firstTimestamp: "2026-11-22T15:50:00Z",
      count: 4,
      source: { component: "c", host: "h" },
    };
    const cells = ["30s", "Warning", "R", "pod/p", "", "c, h", "m", "10m", 4, "a"];
    expect(cellsOf("Event", event, "")).toEqual(cells);
    const renamed = kindOf("Event", "events.k8s.io").keptAs?.fromStored({ metadata, ...event }) ?? {};
    expect(cellsOf("Event", renamed, "events.k8s.io")).toEqual(cells);
  });
});
