import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDefaultGroupClass } from "../../../src/api/annotations.ts";
import { controllerLease } from "../../../src/api/permissions.ts";

/** Objects as an admin applies them, of a cluster whose processes are elsewhere. */
export const driver = "csi.example.com";
export const sidecarLease = "external-snapshotter-leader-csi-example-com";

const object = (apiVersion: string, kind: string, metadata: object, rest: object = {}) => ({
  apiVersion,
  kind,
  metadata,
  ...rest,
});

/** A minute is long enough for every test between two applications of it. */
export const lease = (name: string, namespace: string, renewed: Date) =>
  object(
    "coordination.k8s.io/v1",
    "Lease",
    { name, namespace },
    {
      spec: {
        holderIdentity: "pod-1",
        leaseDurationSeconds: 3600,
        renewTime: renewed.toISOString().replace("Z", "000Z"),
      },
    },
  );

const groupKinds = "groupsnapshot.storage.k8s.io/v1";

export const groupClass = (name: string, ofDriver: string, isDefault: boolean) =>
  object(
    groupKinds,
    "VolumeGroupSnapshotClass",
    { name, annotations: { [isDefaultGroupClass]: `${isDefault}` } },
    {
      driver: ofDriver,
      deletionPolicy: "Delete",
    },
  );

export const group = (name: string) =>
  object(
    groupKinds,
    "VolumeGroupSnapshot",
    { name, namespace: "default" },
    {
      spec: { volumeGroupSnapshotClassName: "gold", source: { selector: { matchLabels: { app: "db" } } } },
    },
  );

export const content = (name: string) =>
  object(
    groupKinds,
    "VolumeGroupSnapshotContent",
    { name },
    {
      spec: {
        driver,
        deletionPolicy: "Delete",
        source: { volumeHandles: ["v"] },
        volumeGroupSnapshotRef: { name: "gone", namespace: "default", uid: "00000000-0000-4000-8000-000000000000" },
      },
    },
  );

export const pod = (name: string, container: object) =>
  object(
    "v1",
    "Pod",
    { name, namespace: "default" },
    {
      spec: { serviceAccountName: "default", containers: [{ name: "c", ...container }] },
    },
  );

export const healthy = (now: Date) => [
  object("v1", "Namespace", { name: "groupsnap-system" }),
  object("storage.k8s.io/v1", "CSIDriver", { name: driver }, { spec: { attachRequired: false } }),
  lease(controllerLease, "groupsnap-system", now),
  lease(sidecarLease, "groupsnap-system", now),
  groupClass("gold", driver, true),
  group("db"),
  pod("somebody", { image: "i" }),
];

/** A kubeconfig that points at a port where nobody listens. */
export function deadKubeconfig(folder: string): string {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name: "c", user: { token: "t" } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
  };
  const path = join(folder, "dead.kubeconfig");
  writeFileSync(path, JSON.stringify(config));
  return path;
}
