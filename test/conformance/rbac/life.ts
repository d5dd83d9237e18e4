import { localDriverName as driver } from "../../../src/api/local-driver.ts";
import type { Kubectl } from "../kubectl.ts";

/** The life of everything that the processes care for, as its users and its admin live it. */
export const namespace = "shop";

const lines = (...documents: readonly object[]) =>
  documents.map((document) => JSON.stringify(document)).join("\n---\n");
const limit = "--timeout=60s";

const object = (apiVersion: string, kind: string, name: string, rest: object = {}) => ({
  apiVersion,
  kind,
  metadata: { name, namespace },
  ...rest,
});
const singleVersion = "snapshot.storage.k8s.io/v1";
const group = "groupsnapshot.storage.k8s.io/v1";
const secretIn = (prefix: string) => ({
  [`csi.storage.k8s.io/${prefix}-secret-name`]: "key",
  [`csi.storage.k8s.io/${prefix}-secret-namespace`]: namespace,
});
type Policy = "Delete" | "Retain";
const className = (deletionPolicy: string) => deletionPolicy.toLowerCase();

export function furnish(kubectl: Kubectl): Promise<string> {
  const policies = ["Delete", "Retain"].flatMap((deletionPolicy) => [
    {
      ...object(singleVersion, "VolumeSnapshotClass", className(deletionPolicy)),
      driver,
      deletionPolicy,
      parameters: secretIn("snapshotter"),
    },
    {
      ...object(group, "VolumeGroupSnapshotClass", className(deletionPolicy)),
      driver,
      deletionPolicy,
      parameters: secretIn("group-snapshotter"),
    },
  ]);
  const classOf = (name: string, parameters: object) => ({
    ...object("storage.k8s.io/v1", "StorageClass", name),
    provisioner: driver,
    allowVolumeExpansion: true,
    parameters,
  });
  const objects = [
    object("v1", "Secret", "key", { stringData: { password: "of the storage" } }),
    classOf("growing", secretIn("provisioner")),
    classOf("senseless", { "csi.storage.k8s.io/senseless": "yes" }),
    ...policies,
  ];
  return kubectl(["apply", "-f", "-"], lines(...objects));
}

const claim = (name: string, spec: object = {}, labels: object = {}) => ({
  ...object("v1", "PersistentVolumeClaim", name),
  metadata: { name, namespace, labels },
  spec: {
    storageClassName: "growing",
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "1Mi" } },
    ...spec,
  },
});

const snapshotNamed = (name: string) => ({ apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name });

export type Life = ReturnType<typeof lifeOf>;

/** Each step waits for its end, and throws what kubectl says when it does not come. */
export function lifeOf(kubectl: Kubectl) {
  const words = wordsOf(kubectl);
  return { ...words, ...claimsIn(words), ...snapshotsIn(words), ...importsIn(words) };
}

type Words = ReturnType<typeof wordsOf>;

function wordsOf(kubectl: Kubectl) {
  const here = (...args: readonly string[]) => kubectl(["-n", namespace, ...args]);
  const until = (what: string, path: string) => here("wait", `--for=jsonpath=${path}`, what, limit);
  return {
    here,
    until,
    make: (...documents: readonly object[]) => kubectl(["apply", "-f", "-"], lines(...documents)),
    ready: (what: string) => until(what, "{.status.readyToUse}=true"),
    read: (what: string, path: string) => here("get", what, "-o", `jsonpath=${path}`),
    remove: (...what: readonly string[]) => here("delete", ...what, limit),
    /** All that is left of the snapshot kinds and of volumes. */
    left: () => kubectl(["get", "vgs,vgsc,vs,vsc,pvc,pv", "-A", "-o", "name"]),
    /** How often each process has warned of an object of this name. */
    async warnings(name: string) {
      const field = `--field-selector=type=Warning,involvedObject.name=${name}`;
      const each = "jsonpath={range .items[*]}{.count} {.source.component}{'\\n'}{end}";
      return kubectl(["get", "events", "-A", field, "-o", each]);
    },
  };
}

function claimsIn({ make, until, here }: Words) {
  const bound = (name: string) => until(`pvc/${name}`, "{.status.phase}=Bound");
  return {
    async claims(...names: readonly string[]) {
      await make(...names.map((name) => claim(name, {}, { app: "db" })));
      for (const name of names) await bound(name);
    },
    async restore(name: string, snapshot: string) {
      await make(claim(name, { dataSource: snapshotNamed(snapshot) }));
      await bound(name);
    },
    async grow(name: string) {
      await here("patch", "pvc", name, "-p", '{"spec":{"resources":{"requests":{"storage":"2Mi"}}}}');
      await until(`pvc/${name}`, "{.status.capacity.storage}=2Mi");
    },
  };
}

const groupOf = (name: string, spec: object) => object(group, "VolumeGroupSnapshot", name, { spec });
const singleOf = (name: string, spec: object) => object(singleVersion, "VolumeSnapshot", name, { spec });
const selector = { matchLabels: { app: "db" } };

function snapshotsIn({ make, ready }: Words) {
  const askSingle = (name: string, policy: Policy) =>
    make(
      singleOf(name, {
        volumeSnapshotClassName: className(policy),
        source: { persistentVolumeClaimName: "data" },
      }),
    );
  return {
    askSingle,
    async single(name: string, policy: Policy) {
      await askSingle(name, policy);
      await ready(`vs/${name}`);
    },
    async group(name: string, policy: Policy) {
      await make(groupOf(name, { volumeGroupSnapshotClassName: className(policy), source: { selector } }));
      await ready(`vgs/${name}`);
    },
  };
}

/** What is on the storage already, and what is not. */
function importsIn({ make, ready }: Words) {
  const single = (name: string, snapshotHandle: string) =>
    make(
      contentFor(name, singleVersion, "VolumeSnapshot", { snapshotHandle }),
      singleOf(name, { source: { volumeSnapshotContentName: name } }),
    );
  return {
    async importedSingle(name: string, snapshotHandle: string) {
      await single(name, snapshotHandle);
      await ready(`vs/${name}`);
    },
    async importedGroup(name: string, groupSnapshotHandles: object) {
      await make(
        contentFor(name, group, "VolumeGroupSnapshot", { groupSnapshotHandles }),
        groupOf(name, { source: { volumeGroupSnapshotContentName: name } }),
      );
      await ready(`vgs/${name}`);
    },
    /** Of what one name asks for each process refuses something: an absent class, an absent snapshot, a senseless class. */
    async refused(name: string) {
      await make(groupOf(name, { volumeGroupSnapshotClassName: "absent", source: { selector } }));
      await single(name, "a snapshot that nobody took");
      await make(claim(name, { storageClassName: "senseless" }));
    },
  };
}

const contentFor = (name: string, apiVersion: string, kind: string, source: object) => {
  const reference = `v${kind.slice(1)}Ref`;
  const spec = { driver, deletionPolicy: "Delete", source, [reference]: { name, namespace } };
  return object(apiVersion, `${kind}Content`, name, { spec });
};
