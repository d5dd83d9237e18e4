import { isDefaultClass, isDefaultGroupClass } from "../../api/annotations.ts";
import { crds } from "../../api/crds.ts";
import { isHeld } from "../../kube/core/lease.ts";
import { keyOf } from "../../kube/object.ts";
import type { Observed } from "./observed.ts";
import { processesIn, worksOnGroups } from "./processes.ts";

/** What is there, wrong or right. */
export type Summary = ReturnType<typeof summaryOf>;

export function summaryOf(seen: Observed) {
  const ours = new Set(crds.map(({ metadata }) => metadata.name));
  return {
    server: seen.server,
    definitions: seen.definitions.items
      .filter(({ metadata }) => ours.has(metadata.name))
      .map(({ metadata, spec, status }) => ({
        name: metadata.name,
        served: spec.versions.filter(({ served }) => served).map(({ name }) => name),
        storage: spec.versions.find(({ storage }) => storage)?.name ?? "",
        stored: status?.storedVersions ?? [],
        conversion: spec.conversion?.strategy ?? "None",
      })),
    processes: processesIn(seen.pods.items).map((process) => ({
      pod: keyOf(process.pod.metadata),
      process: process.process,
      by: process.by,
      image: process.container.image,
      groups: worksOnGroups(process),
    })),
    leases: seen.leases.items
      .filter(({ metadata: { name } }) => /^(snapshot-controller|external-snapshotter)-leader/.test(name))
      .map((lease) => ({
        lease: keyOf(lease.metadata),
        holder: lease.spec?.holderIdentity ?? "",
        by: writerOf(lease.metadata.managedFields ?? []),
        held: isHeld(lease, seen.now),
      })),
    classes: [
      ...seen.classes.items.map((item) => ({
        ...classOf(item),
        default: item.metadata.annotations?.[isDefaultClass] === "true",
      })),
      ...seen.groupClasses.items.map((item) => ({
        ...classOf(item),
        default: item.metadata.annotations?.[isDefaultGroupClass] === "true",
      })),
    ],
    drivers: driversIn(seen),
    asked: seen.asked,
    objects: {
      groups: seen.groups.items.length,
      groupContents: seen.groupContents.items.length,
      snapshots: seen.snapshots.items.length,
      contents: seen.contents.items.length,
    },
  };
}

const classOf = (item: Observed["classes"]["items"][number] | Observed["groupClasses"]["items"][number]) => ({
  kind: item.kind,
  name: item.metadata.name,
  driver: item.driver,
  policy: item.deletionPolicy,
});

/** The API server notes down which program wrote a lease; ours say who they are. */
function writerOf(managed: readonly object[]): string {
  const names = managed.map((entry) => ("manager" in entry ? String(entry.manager) : ""));
  if (names.some((name) => name.startsWith("groupsnap"))) return "groupsnap";
  return names.some((name) => /^(snapshot-controller|csi-snapshotter)$/.test(name)) ? "upstream" : "unknown";
}

function driversIn({ csiDrivers, csiNodes }: Observed) {
  const onNodes = csiNodes.items.flatMap(({ metadata, spec }) =>
    (spec.drivers ?? []).map(({ name }) => ({ name, node: metadata.name })),
  );
  const names = new Set([...csiDrivers.items.map(({ metadata }) => metadata.name), ...onNodes.map(({ name }) => name)]);
  return [...names].sort().map((name) => ({
    name,
    object: csiDrivers.items.some(({ metadata }) => metadata.name === name),
    nodes: onNodes.filter((entry) => entry.name === name).length,
  }));
}
