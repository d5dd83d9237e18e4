import { expect, test } from "vitest";
import { isDefaultGroupClass } from "../../api/annotations.ts";
import { crds } from "../../api/crds.ts";
import { claimFinalizer, groupContentFinalizer } from "../../api/finalizers.ts";
import type { KubeObject } from "../../kube/object.ts";
import { diagnose } from "./diagnose.ts";
import type { DefinitionSeen, Observed } from "./observed.ts";
import { reportLines } from "./report.ts";
import { summaryOf } from "./summary.ts";

const now = new Date("2026-01-02T12:00:00Z");
const justNow = "2026-01-02T11:59:58Z";
const longAgo = "2026-01-02T11:00:00Z";
const driver = "csi.example.com";

/** Objects as an API server has them; the checks read nothing but what is given here. */
const object = (kind: string, name: string, rest: object = {}, metadata: object = {}) =>
  ({
    apiVersion: "v1",
    kind,
    metadata: {
      name,
      namespace: "shop",
      uid: `uid-of-${name}`,
      resourceVersion: "1",
      creationTimestamp: justNow,
      ...metadata,
    },
    ...rest,
  }) as KubeObject as never;

const definition = (crd: (typeof crds)[number], change: object = {}): DefinitionSeen =>
  ({
    ...crd,
    spec: { ...crd.spec, conversion: { strategy: "Webhook" }, ...change },
    status: { conditions: [{ type: "Established", status: "True" }], storedVersions: ["v1"] },
  }) as unknown as DefinitionSeen;

const lease = (name: string, namespace: string, renewTime: string) =>
  object("Lease", name, { spec: { holderIdentity: "pod-1", leaseDurationSeconds: 15, renewTime } }, { namespace });

const pod = (name: string, container: object, serviceAccountName = "sa") =>
  object("Pod", name, { spec: { serviceAccountName, containers: [{ name: "c", image: "i", ...container }] } });

const groupClass = (name: string, ofDriver: string, isDefault: boolean) =>
  object(
    "VolumeGroupSnapshotClass",
    name,
    { driver: ofDriver, deletionPolicy: "Delete" },
    {
      annotations: isDefault ? { [isDefaultGroupClass]: "true" } : {},
    },
  );

const group = (name: string, status: object, metadata: object = {}) =>
  object("VolumeGroupSnapshot", name, { spec: { source: { selector: {} } }, status }, metadata);

const cut = (name: string, groupName: string, rest: object = {}, metadata: object = {}) =>
  object(
    "VolumeGroupSnapshotContent",
    name,
    {
      spec: {
        driver,
        deletionPolicy: "Delete",
        source: { volumeHandles: ["v"] },
        volumeGroupSnapshotRef: { name: groupName, namespace: "shop", uid: `uid-of-${groupName}` },
        ...rest,
      },
      status: { readyToUse: true },
    },
    metadata,
  );

const healthy: Observed = {
  now,
  server: "v1.37.2",
  stuckAfterMs: 600_000,
  definitions: { items: crds.map((crd) => definition(crd)) },
  webhooks: [{ definition: "d", bundleEnds: [new Date("2030-01-01")] }],
  groups: { items: [group("db", { readyToUse: true, boundVolumeGroupSnapshotContentName: "cut" })] },
  groupContents: { items: [cut("cut", "db")] },
  groupClasses: { items: [groupClass("gold", driver, true)] },
  snapshots: { items: [] },
  contents: { items: [] },
  classes: { items: [] },
  claims: { items: [] },
  csiDrivers: { items: [object("CSIDriver", driver)] },
  csiNodes: { items: [object("CSINode", "n", { spec: { drivers: [{ name: driver, nodeID: "n" }] } })] },
  leases: {
    items: [
      lease("snapshot-controller-leader", "system", justNow),
      lease("external-snapshotter-leader-csi-example-com", "driver", justNow),
    ],
  },
  pods: { items: [pod("somebody", {})] },
  access: [],
  asked: [{ address: "/s", name: driver, manifest: { engine: "userland" }, can: { snapshots: true, groups: true } }],
};

test("finds nothing wrong with a cluster in which everything works", () => {
  expect(diagnose(healthy)).toEqual([]);
  expect(reportLines(summaryOf(healthy), []).at(-1)).toBe("Nothing is wrong.");
});

const changed = (change: (crd: DefinitionSeen) => DefinitionSeen) => ({
  definitions: { items: healthy.definitions.items.map((crd) => change(crd)) },
});
const withSpec = (spec: object) => changed((crd) => ({ ...crd, spec: { ...crd.spec, ...spec } }));
const onlyBeta = [{ name: "v1beta1", served: true, storage: true }];
const webhook = (seen: object) => ({ webhooks: [{ definition: "d", bundleEnds: [new Date("2030-01-01")], ...seen }] });
const upstreamSidecar = (tag: string, ...args: readonly string[]) => ({
  pods: { items: [pod("p", { image: `mirror.example.com/sig-storage/csi-snapshotter:${tag}`, args })] },
});
const terminating = { deletionTimestamp: longAgo, finalizers: [groupContentFinalizer] };

test.each<readonly [string, string, Partial<Observed>]>([
  ["a kind cannot be listed", "NotSeen", { leases: { items: [], trouble: "cannot list leases: forbidden" } }],
  ["a definition is missing", "DefinitionMissing", { definitions: { items: healthy.definitions.items.slice(1) } }],
  [
    "a definition is being deleted",
    "DefinitionMissing",
    changed((crd) => ({ ...crd, metadata: { ...crd.metadata, deletionTimestamp: justNow } })),
  ],
  [
    "a definition is not established",
    "DefinitionNotEstablished",
    changed((crd) => ({
      ...crd,
      status: { conditions: [{ type: "Established", status: "False", reason: "r", message: "m" }] },
    })),
  ],
  ["v1 is not served", "VersionNotServed", withSpec({ versions: onlyBeta })],
  ["older versions are not converted", "ConversionMissing", withSpec({ conversion: { strategy: "None" } })],
  ["the webhook cannot be reached", "WebhookUnreachable", webhook({ unreachable: "no pod is ready" })],
  ["the API server cannot convert", "ConversionFails", webhook({ failed: "x509" })],
  ["the bundle has ended", "BundleExpired", webhook({ bundleEnds: [new Date("2025-01-01")] })],
  ["the bundle ends in a week", "BundleExpiresSoon", webhook({ bundleEnds: [new Date("2026-01-09")] })],
  ["the bundle is no certificate", "BundleUnreadable", webhook({ bundleEnds: undefined })],
  ["a driver that was asked is silent", "DriverSilent", { asked: [{ address: "/s", manifest: {}, trouble: "gone" }] }],
  ["a pool fills up", "PoolFillsUp", { asked: [{ address: "/s", manifest: { poolIsLow: "true" } }] }],
  [
    "a driver that was asked is on no node",
    "DriverOnNoNode",
    { asked: [{ address: "/s", name: "other", manifest: {}, can: { snapshots: true, groups: true } }] },
  ],
  [
    "a driver with a group class says that it makes no groups",
    "DriverCannot",
    { asked: [{ address: "/s", name: driver, manifest: {}, can: { snapshots: true, groups: false } }] },
  ],
  [
    "a driver with a class says that it makes no snapshots",
    "DriverCannot",
    {
      classes: { items: [object("VolumeSnapshotClass", "c", { driver, deletionPolicy: "Delete" })] },
      asked: [{ address: "/s", name: driver, manifest: {}, can: { snapshots: false, groups: true } }],
    },
  ],
  [
    "a class asks a driver for more than its engine gives",
    "ConsistencyUnreachable",
    {
      classes: {
        items: [
          object("VolumeSnapshotClass", "c", {
            driver,
            deletionPolicy: "Delete",
            parameters: { consistency: "filesystem" },
          }),
        ],
      },
    },
  ],
  ["nobody leads", "NoController", { leases: { items: healthy.leases.items.slice(1) } }],
  [
    "the leader has stopped",
    "NoController",
    { leases: { items: [lease("snapshot-controller-leader", "system", longAgo), ...healthy.leases.items.slice(1)] } },
  ],
  [
    "two controllers lead in two namespaces",
    "TwoControllers",
    { leases: { items: [...healthy.leases.items, lease("snapshot-controller-leader", "kube-system", justNow)] } },
  ],
  ["a driver's sidecar has stopped", "NoSidecar", { leases: { items: healthy.leases.items.slice(0, 1) } }],
  ["upstream's sidecar has its gate off by default", "GroupsOff", upstreamSidecar("v8.6.0", "--v=5")],
  [
    "upstream's sidecar has its gate switched off",
    "GroupsOff",
    upstreamSidecar("v8.7.0", "--feature-gates=CSIVolumeGroupSnapshot=false"),
  ],
  [
    "a service account lacks a permission",
    "AccessMissing",
    { access: [{ process: "snapshot-controller", account: "system/sa", missing: ["patch persistentvolumeclaims"] }] },
  ],
  [
    "a driver has two default classes",
    "SeveralDefaultClasses",
    { groupClasses: { items: [groupClass("gold", driver, true), groupClass("silver", driver, true)] } },
  ],
  [
    "a class names a driver that is nowhere",
    "UnknownDriver",
    { groupClasses: { items: [groupClass("gold", "absent.example.com", true)] }, pods: upstreamSidecar("v8.7.0").pods },
  ],
  [
    "an object shows an error",
    "ObjectFailed",
    { groups: { items: [group("db", { error: { message: "no class" } })] } },
  ],
  ["a content does not go", "StuckTerminating", { groupContents: { items: [cut("cut", "db", {}, terminating)] } }],
  [
    "a claim does not go for a snapshot's finalizer",
    "StuckTerminating",
    {
      claims: {
        items: [object("PersistentVolumeClaim", "c", { spec: {} }, { ...terminating, finalizers: [claimFinalizer] })],
      },
    },
  ],
  [
    "a group waits for an hour",
    "StuckWaiting",
    { groups: { items: [group("db", {}, { creationTimestamp: longAgo })] } },
  ],
  ["a content has lost its group", "Orphan", { groups: { items: [] } }],
  ["a group has lost its content", "ContentLost", { groupContents: { items: [] } }],
  [
    "a member has lost its group",
    "MemberWithoutGroup",
    {
      snapshots: {
        items: [
          object(
            "VolumeSnapshot",
            "m",
            { spec: { source: {} }, status: { readyToUse: true } },
            {
              ownerReferences: [{ apiVersion: "v1", kind: "VolumeGroupSnapshot", name: "gone", uid: "gone" }],
            },
          ),
        ],
      },
    },
  ],
])("when %s, says %s", (_, reason, change) => {
  const findings = diagnose({ ...healthy, ...change });
  expect(new Set(findings.map((finding) => finding.reason))).toEqual(new Set([reason]));
  const text = reportLines(summaryOf({ ...healthy, ...change }), findings).join("\n");
  expect(text).toContain(`${reason}: ${findings[0]?.on}`);
});

test.each<readonly [string, Partial<Observed>]>([
  [
    "older versions without a webhook on an API server that converts by itself",
    { ...withSpec({ conversion: { strategy: "None" } }), server: "v1.37.0+groupsnap" },
  ],
  ["an API without pods and leases, whose processes are elsewhere", { pods: { items: [] }, leases: { items: [] } }],
  ["a group that was just made and is not ready", { groups: { items: [group("db", {})] } }],
  [
    "a content that was just deleted",
    { groupContents: { items: [cut("cut", "db", {}, { ...terminating, deletionTimestamp: justNow })] } },
  ],
  [
    "a retained content whose group is gone",
    { groups: { items: [] }, groupContents: { items: [cut("cut", "db", { deletionPolicy: "Retain" })] } },
  ],
  [
    "upstream's v8.6 with its gate on",
    upstreamSidecar("v8.6.0", "--feature-gates=A=false,CSIVolumeGroupSnapshot=true"),
  ],
  ["upstream's v8.7 as it comes", upstreamSidecar("v8.7.1")],
  [
    "an old authority in the bundle beside a new one",
    webhook({ bundleEnds: [new Date("2025-01-01"), new Date("2030-01-01")] }),
  ],
  [
    "versions that all look alike, without a webhook",
    withSpec({ versions: [{ name: "v1", served: true, storage: true }], conversion: {} }),
  ],
])("has no objection to %s", (_, change) => {
  expect(diagnose({ ...healthy, ...change })).toEqual([]);
});

test("puts errors before warnings, and shows twenty of one kind", () => {
  const groups = Array.from({ length: 25 }, (_, i) => group(`g${i}`, { error: { message: "no class" } }));
  const seen = {
    ...healthy,
    ...webhook({ bundleEnds: [new Date("2026-01-09")] }),
    groups: { items: [...healthy.groups.items, ...groups] },
  };
  const findings = diagnose(seen);
  expect(findings.map(({ severity }) => severity)).toEqual([...Array.from({ length: 25 }, () => "error"), "warning"]);
  const text = reportLines(summaryOf(seen), findings).join("\n");
  expect(text.match(/ObjectFailed:/g)).toHaveLength(20);
  expect(text).toContain("and 5 more of ObjectFailed");
  expect(text).toContain("25 errors, 1 warning.");
});
