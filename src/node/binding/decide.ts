import { type EventValue, nothing, onChange, type Plan } from "../../kube/controller/plan.ts";
import type { Claim, ClaimStatus } from "../../kube/core/claim.ts";
import {
  bindCompletedAnnotation,
  boundByControllerAnnotation,
  claimProtection,
  oldProvisionerAnnotation,
  provisionerAnnotation,
  selectedNodeAnnotation,
} from "../../kube/core/names.ts";
import type { Volume } from "../../kube/core/volume.ts";
import { bestMatch, whyNot } from "./match.ts";
import type { BindingSeen } from "./observe.ts";

export type BindingAction =
  /** One patch of metadata and spec, on the version that was read. */
  | { readonly do: "patchClaim"; readonly claim: Claim; readonly change: ClaimChange }
  | { readonly do: "unprotectClaim"; readonly claim: Claim }
  | { readonly do: "reserveVolume"; readonly volume: Volume; readonly claim: Claim }
  | { readonly do: "writeClaimStatus"; readonly claim: Claim; readonly status: ClaimStatus };

export interface ClaimChange {
  readonly finalizers?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: { readonly storageClassName?: string; readonly volumeName?: string };
}

type BindingPlan = Plan<BindingAction>;

/** Classes whose volumes are made by hand. */
const noProvisioner = "kubernetes.io/no-provisioner";

/**
 * A volume whose path was never told, because the process died in between, disappears from this machine without a change
 * in the API: so that end is looked for.
 */
const publishedCheckMs = 1000;

/** Which volume the claim has, gets, or waits for. */
export function decideBinding(seen: BindingSeen): BindingPlan {
  const { claim } = seen;
  if (claim.metadata.deletionTimestamp) return letGo(seen);
  if (claim.metadata.annotations?.[bindCompletedAnnotation]) return keepBound(seen);
  if (claim.spec.volumeName) return bindNamed(seen);
  const [reserved] = seen.reserved;
  if (reserved) return bind(seen, reserved);
  const needsClass = claim.spec.storageClassName === undefined && seen.defaultClass !== undefined;
  if (needsClass)
    return patch(seen, "SetDefaultClass", { spec: { storageClassName: seen.defaultClass.metadata.name } });
  const match = bestMatch(claim, seen.free, seen.node);
  return match ? bind(seen, match) : askForVolume(seen);
}

function letGo({ claim, inUse }: BindingSeen): BindingPlan {
  if (!claim.metadata.finalizers?.includes(claimProtection)) return nothing("LetGo");
  if (inUse === "pods") return nothing("UsedByPods");
  if (inUse === "published")
    return { ...nothing("StillPublished"), next: { when: "later", delayMs: publishedCheckMs } };
  return { reason: "UnprotectClaim", steps: [[{ do: "unprotectClaim", claim }]], next: onChange };
}

/** Every change of a claim also sees to its protection. */
function patch(
  { claim }: BindingSeen,
  reason: string,
  change: ClaimChange,
  events: readonly EventValue[] = [],
): BindingPlan {
  const { finalizers = [] } = claim.metadata;
  const protectedToo = finalizers.includes(claimProtection)
    ? change
    : { ...change, finalizers: [...finalizers, claimProtection] };
  return { reason, steps: [[{ do: "patchClaim", claim, change: protectedToo }]], next: onChange, events };
}

function keepBound(seen: BindingSeen): BindingPlan {
  const { claim, named } = seen;
  if (!claim.metadata.finalizers?.includes(claimProtection)) return patch(seen, "ProtectClaim", {});
  if (!named) return lose(seen, `its volume "${claim.spec.volumeName}" is gone: restore it, or delete the claim`);
  if (named.spec.claimRef?.uid !== claim.metadata.uid)
    return lose(seen, `volume "${named.metadata.name}" is bound to another claim: delete this one`);
  if (claim.status?.phase === "Bound") return nothing("Bound");
  const { capacity, accessModes } = named.spec;
  const status = {
    ...claim.status,
    phase: "Bound" as const,
    ...(capacity && { capacity }),
    ...(accessModes && { accessModes }),
  };
  return { reason: "Bind", steps: [[{ do: "writeClaimStatus", claim, status }]], next: onChange };
}

function lose({ claim }: BindingSeen, why: string): BindingPlan {
  const events = [warning(claim, "ClaimLost", why)];
  if (claim.status?.phase === "Lost") return { ...nothing("Lost"), events };
  const status = { ...claim.status, phase: "Lost" as const };
  return { reason: "Lose", steps: [[{ do: "writeClaimStatus", claim, status }]], next: onChange, events };
}

/** A user, or we before a crash, have named the volume. */
function bindNamed(seen: BindingSeen): BindingPlan {
  const { claim, named } = seen;
  const name = claim.spec.volumeName;
  if (!named) return wait(seen, `spec.volumeName names "${name}", and there is no such volume: create it`);
  const { claimRef } = named.spec;
  const isFree = claimRef === undefined || seen.reserved.includes(named);
  if (!isFree)
    return wait(seen, `spec.volumeName names "${name}", which is for ${claimRef.namespace}/${claimRef.name}`);
  const reason = whyNot(claim, named);
  return reason ? wait(seen, `spec.volumeName cannot be served: ${reason}`) : bind(seen, named);
}

/** First the volume says whose it is, then the claim says that it has it. */
function bind(seen: BindingSeen, volume: Volume): BindingPlan {
  const { claim } = seen;
  if (volume.metadata.deletionTimestamp) return wait(seen, `volume "${volume.metadata.name}" is being deleted`);
  if (volume.spec.claimRef?.uid !== claim.metadata.uid)
    return { reason: "ReserveVolume", steps: [[{ do: "reserveVolume", volume, claim }]], next: { when: "again" } };
  const isNamed = claim.spec.volumeName !== undefined && claim.spec.volumeName !== "";
  return patch(seen, "BindVolume", {
    annotations: {
      [bindCompletedAnnotation]: "yes",
      ...(isNamed ? {} : { [boundByControllerAnnotation]: "yes" }),
    },
    ...(isNamed ? {} : { spec: { volumeName: volume.metadata.name } }),
  });
}

/** Nothing that exists will do: the class's driver is told that a volume is wanted, and for which node. */
function askForVolume(seen: BindingSeen): BindingPlan {
  const { claim, storageClass } = seen;
  const className = claim.spec.storageClassName;
  if (className === undefined)
    return wait(
      seen,
      "spec.storageClassName is not set, and no StorageClass is the default: name one, or make one the default",
    );
  if (className === "")
    return wait(seen, 'spec.storageClassName is "", and no volume without class will do: create one');
  if (!storageClass)
    return wait(seen, `spec.storageClassName names "${className}", and there is no such StorageClass: create it`);
  const { provisioner, volumeBindingMode } = storageClass;
  if (provisioner === noProvisioner)
    return wait(seen, `no volume of class "${className}" will do, and its volumes are made by hand: create one`);
  const wanted = {
    [provisionerAnnotation]: provisioner,
    [oldProvisionerAnnotation]: provisioner,
    ...(volumeBindingMode === "WaitForFirstConsumer" ? { [selectedNodeAnnotation]: seen.node.name } : {}),
  };
  const { annotations = {} } = claim.metadata;
  const isAsked = Object.entries(wanted).every(([key, value]) => annotations[key] === value);
  if (isAsked && claim.metadata.finalizers?.includes(claimProtection)) return nothing("WaitForVolume");
  const message = `waiting until ${provisioner} has made a volume`;
  const event: EventValue = { type: "Normal", reason: "ExternalProvisioning", message, regarding: claim };
  return patch(seen, "AskForVolume", { annotations: wanted }, [event]);
}

function wait(seen: BindingSeen, why: string): BindingPlan {
  const events = [warning(seen.claim, "FailedBinding", why)];
  if (!seen.claim.metadata.finalizers?.includes(claimProtection)) return patch(seen, "FailedBinding", {}, events);
  return { ...nothing("FailedBinding"), events };
}

function warning(claim: Claim, reason: string, message: string): EventValue {
  return { type: "Warning", reason, message, regarding: claim };
}
