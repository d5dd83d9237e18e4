import { groupClasses } from "../../../api/group-snapshot/resources.ts";
import { classes } from "../../../api/snapshot/resources.ts";
import type { KubeObject } from "../../../kube/object.ts";
import type { DriverCan, DriverSaid } from "../../../processes/ask-driver.ts";
import { type Finding, nameOf } from "../finding.ts";
import type { Observed } from "../observed.ts";

/** The drivers that the doctor has asked, and the classes that name them. */
export function checkDrivers(seen: Observed): readonly Finding[] {
  return seen.asked.flatMap((said) => [
    ...(said.trouble === undefined ? [] : [silent(said, said.trouble)]),
    ...(said.manifest.poolIsLow === "true" ? [filling(said)] : []),
    ...(isRegistered(said, seen) ? [] : [unregistered(said)]),
    ...classesOf(said, seen).flatMap((each) => [...unable(said, each), ...unreached(said, each)]),
  ]);
}

interface ClassSeen {
  readonly kind: string;
  readonly needs: keyof DriverCan;
  readonly item: KubeObject & { readonly parameters?: Readonly<Record<string, string>> };
}

function classesOf({ name }: DriverSaid, seen: Observed): readonly ClassSeen[] {
  const ofDriver = ({ driver }: { readonly driver: string }) => driver === name;
  return [
    ...seen.classes.items
      .filter(ofDriver)
      .map((item) => ({ kind: classes.kind, needs: "snapshots", item }) satisfies ClassSeen),
    ...seen.groupClasses.items
      .filter(ofDriver)
      .map((item) => ({ kind: groupClasses.kind, needs: "groups", item }) satisfies ClassSeen),
  ];
}

const on = ({ name, address }: DriverSaid) => `CSI driver ${name ?? "at"} ${address}`;

const silent = (said: DriverSaid, trouble: string): Finding => ({
  severity: "error",
  reason: "DriverSilent",
  on: on(said),
  what: `it does not work: ${trouble}`,
  mend: "see that it runs, read its log, and see that --csi-address names its socket",
});

const filling = (said: DriverSaid): Finding => ({
  severity: "warning",
  reason: "PoolFillsUp",
  on: on(said),
  what: `its pool has ${said.manifest.poolFreeBytes} bytes left, ${said.manifest.poolReserveBytes} of them a reserve in which nothing new is made`,
  mend: "delete snapshots or volumes, or make the pool larger",
});

/** Nodes are not judged by who may not see them. */
function isRegistered({ name, trouble }: DriverSaid, { csiNodes }: Observed): boolean {
  if (name === undefined || trouble !== undefined || csiNodes.trouble !== undefined) return true;
  return csiNodes.items.some(({ spec }) => spec.drivers?.some((driver) => driver.name === name));
}

const unregistered = (said: DriverSaid): Finding => ({
  severity: "warning",
  reason: "DriverOnNoNode",
  on: on(said),
  what: "it answers, and no node of the cluster has registered it, so no pod gets its volumes",
  mend: "run it on a node, with a node-driver-registrar beside it where it does not register itself; or ask the cluster that it belongs to",
});

const unable = (said: DriverSaid, { kind, needs, item }: ClassSeen): readonly Finding[] => {
  if (said.can?.[needs] !== false) return [];
  const what = needs === "groups" ? "group snapshots (GROUP_CONTROLLER_SERVICE)" : "snapshots (CREATE_DELETE_SNAPSHOT)";
  return [
    {
      severity: "error",
      reason: "DriverCannot",
      on: nameOf(item, kind),
      what: `its driver ${said.name} says that it makes no ${what}`,
      mend: "use a release or a configuration of the driver that does, or delete the class",
    },
  ];
};

/** Our own driver says which engine it has; without root that holds no filesystem. */
const unreached = (said: DriverSaid, { kind, item }: ClassSeen): readonly Finding[] => {
  const { consistency, allowDowngrade } = item.parameters ?? {};
  if (said.manifest.engine !== "userland" || consistency !== "filesystem" || allowDowngrade === "true") return [];
  return [
    {
      severity: "error",
      reason: "ConsistencyUnreachable",
      on: nameOf(item, kind),
      what: `it asks for consistency of filesystems, and engine userland of ${said.name} gives crash consistency: each snapshot is refused`,
      mend: 'run the driver as root on btrfs or XFS, or make a class with consistency: crash or allowDowngrade: "true"',
    },
  ];
};
