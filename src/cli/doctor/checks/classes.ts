import { isDefaultClass, isDefaultGroupClass } from "../../../api/annotations.ts";
import { groupClasses } from "../../../api/group-snapshot/resources.ts";
import { classes } from "../../../api/snapshot/resources.ts";
import type { KubeObject } from "../../../kube/object.ts";
import { type Finding, nameOf } from "../finding.ts";
import type { Observed } from "../observed.ts";

interface Class extends KubeObject {
  readonly driver: string;
}

/** What is wrong with classes, and with the drivers that they name. */
export function checkClasses(seen: Observed): readonly Finding[] {
  const kinds = [
    { kind: classes.kind, items: seen.classes.items, annotation: isDefaultClass },
    { kind: groupClasses.kind, items: seen.groupClasses.items, annotation: isDefaultGroupClass },
  ];
  return kinds.flatMap(({ kind, items, annotation }) => [
    ...severalDefaults(kind, items, annotation),
    ...items.filter(({ driver }) => !isKnown(driver, seen)).map((item) => unknownDriver(kind, item)),
  ]);
}

function severalDefaults(kind: string, items: readonly Class[], annotation: string): readonly Finding[] {
  const defaults = items.filter(({ metadata }) => metadata.annotations?.[annotation] === "true");
  const drivers = [...new Set(defaults.map(({ driver }) => driver))];
  return drivers.flatMap((driver): readonly Finding[] => {
    const names = defaults.filter((item) => item.driver === driver).map(({ metadata }) => metadata.name);
    if (names.length < 2) return [];
    return [
      {
        severity: "error",
        reason: "SeveralDefaultClasses",
        on: `${kind} ${names.join(", ")}`,
        what: `each is the default of ${driver}, so a request without a class is refused`,
        mend: `leave the annotation ${annotation} on one of them`,
      },
    ];
  });
}

/** A driver that is known to no node and has no CSIDriver either was never started here. */
function isKnown(driver: string, { csiDrivers, csiNodes }: Observed): boolean {
  if (csiDrivers.trouble !== undefined || csiNodes.trouble !== undefined) return true; // for all that can be seen
  return (
    csiDrivers.items.some(({ metadata }) => metadata.name === driver) ||
    csiNodes.items.some(({ spec }) => spec.drivers?.some(({ name }) => name === driver))
  );
}

const unknownDriver = (kind: string, item: Class): Finding => ({
  severity: "warning",
  reason: "UnknownDriver",
  on: nameOf(item, kind),
  what: `its driver ${item.driver} has no CSIDriver object and is on no node`,
  mend: "start the driver, or correct the name in a new class",
});
