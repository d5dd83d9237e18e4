import { controllerLease, snapshotterLeasePrefix } from "../../../api/permissions.ts";
import { sanitized } from "../../../kube/controller/leader/names.ts";
import { isHeld, type Lease } from "../../../kube/core/lease.ts";
import { type Finding, nameOf } from "../finding.ts";
import type { Observed } from "../observed.ts";
import { type ProcessSeen, processesIn, worksOnGroups } from "../processes.ts";

/** What is wrong with who works: nobody, two at once, without groups, or without permission. */
export function checkProcesses(seen: Observed): readonly Finding[] {
  const processes = processesIn(seen.pods.items);
  return [
    ...checkController(seen, processes),
    ...checkSidecars(seen, processes),
    ...processes.filter((process) => !worksOnGroups(process)).map(groupsOff),
    ...seen.access.filter(({ missing }) => missing.length > 0).map(accessMissing),
  ];
}

function checkController({ leases, pods, now }: Observed, processes: readonly ProcessSeen[]): readonly Finding[] {
  const known = leases.items.filter(({ metadata }) => metadata.name === controllerLease);
  const held = known.filter((lease) => isHeld(lease, now));
  if (held.length > 1) return [twoControllers(held)];
  if (held.length === 1 || leases.trouble !== undefined || pods.trouble !== undefined) return [];
  const runs = processes.some(({ process }) => process === "snapshot-controller");
  if (known.length === 0 && (runs || areElsewhere(pods))) return []; // one alone needs no election
  const [stale] = known;
  return [
    {
      severity: "error",
      reason: "NoController",
      on: stale ? nameOf(stale, "Lease") : "cluster",
      what: stale
        ? `nobody has renewed the lease since ${stale.spec?.renewTime ?? "it was made"}, so no snapshot-controller works`
        : "no snapshot-controller holds a lease or runs in a pod, so nothing is bound or released",
      mend: "install deploy/kustomize/base or the Helm chart; if it is there, see why its pods do not run",
    },
  ];
}

/** An API without a single pod, such as that of `groupsnap start`, has its processes where nobody can see them from here. */
const areElsewhere = (pods: Observed["pods"]) => pods.items.length === 0;

const twoControllers = (held: readonly Lease[]): Finding => ({
  severity: "error",
  reason: "TwoControllers",
  on: held.map((lease) => nameOf(lease, "Lease")).join(", "),
  what: `snapshot-controllers work in ${held.map(({ metadata }) => metadata.namespace).join(" and ")} at once, and undo each other's work`,
  mend: "remove one of them; leases of one namespace keep replicas apart, those of two do not",
});

/** A driver with classes whose sidecar left a lease, and does not renew it. */
function checkSidecars(seen: Observed, processes: readonly ProcessSeen[]): readonly Finding[] {
  const { leases, pods, now } = seen;
  if (leases.trouble !== undefined || pods.trouble !== undefined) return [];
  const runs = processes.some(({ process }) => process === "csi-snapshotter");
  const drivers = new Set([...seen.classes.items, ...seen.groupClasses.items].map(({ driver }) => driver));
  return [...drivers].flatMap((driver): readonly Finding[] => {
    const name = sanitized(`${snapshotterLeasePrefix}${driver}`);
    const known = leases.items.filter(({ metadata }) => metadata.name === name);
    if (known.some((lease) => isHeld(lease, now)) || (known.length === 0 && (runs || areElsewhere(pods)))) return [];
    return [
      {
        severity: "warning",
        reason: "NoSidecar",
        on: `driver ${driver}`,
        what: "no csi-snapshotter works beside it, so nothing is cut or deleted on the storage",
        mend: "add the sidecar to the driver's pod (docs/guides/install.md)",
      },
    ];
  });
}

const groupsOff = ({ pod, container }: ProcessSeen): Finding => ({
  severity: "warning",
  reason: "GroupsOff",
  on: `${nameOf(pod, "Pod")}, container ${container.name}`,
  what: `${container.image} leaves group snapshots alone: its gate CSIVolumeGroupSnapshot is off`,
  mend: "give it --feature-gates=CSIVolumeGroupSnapshot=true, or run groupsnap's in its place",
});

const accessMissing = ({ process, account, missing }: Observed["access"][number]): Finding => ({
  severity: "error",
  reason: "AccessMissing",
  on: `ServiceAccount ${account}`,
  what: `${process} runs under it and may not ${missing.join(", ")}`,
  mend: `bind it to the cluster role groupsnap-${process} as deploy/ has it`,
});
