import { isDefaultGroupClass } from "../../../api/annotations.ts";
import { isProblem, parseClassParameters } from "../../../api/class-parameters.ts";
import type { GroupSnapshotClass } from "../../../api/group-snapshot/types.ts";
import { groupReasons } from "../../../api/reasons.ts";
import { isEmptySelector } from "../../../kube/object.ts";
import { isTerminating } from "../../pairing/change.ts";
import { chooseClass, isObstacle } from "../../pairing/class.ts";
import type { Obstacle } from "../../pairing/obstacle.ts";
import { type Place, placeOf } from "../../pairing/place.ts";
import type { BindingSeen, SelectedClaim } from "./seen.ts";

/**
 * A content lists every member in its status, at up to 400 bytes each, and etcd takes no object over 1.5 MiB: this many
 * fit with room to spare.
 */
const membersLimit = 2_000;

type Check = (seen: BindingSeen) => Obstacle | undefined;

/** What must hold before a group is bound, in the order in which it is told to the user. */
const checks: readonly Check[] = [
  selectorSaysSomething,
  expressionsAreComplete,
  aClassIsThere,
  aClaimMatches,
  fewEnoughClaims,
  noClaimIsTerminating,
  everyClaimIsBound,
  everyVolumeIsThere,
  everyVolumeIsOfCsi,
  oneDriverServesAll,
  oneClassFits,
  parametersMeanSomething,
  oneNodeReachesAll,
];

export function firstObstacle(seen: BindingSeen): Obstacle | undefined {
  for (const check of checks) {
    const obstacle = check(seen);
    if (obstacle) return obstacle;
  }
  return undefined;
}

/** The class the group names, or else the default one of its volumes' driver. Sure to exist when there is no obstacle. */
export function classOf(seen: BindingSeen): GroupSnapshotClass | undefined {
  const chosen = choiceOf(seen);
  return isObstacle(chosen) ? undefined : chosen;
}

function choiceOf(seen: BindingSeen): GroupSnapshotClass | Obstacle {
  return chooseClass({
    named: seen.group.spec.volumeGroupSnapshotClassName,
    classes: seen.classes,
    driver: driversOf(seen)[0] ?? "the driver of its volumes",
    defaultAnnotation: isDefaultGroupClass,
    noun: "group snapshot class",
    field: "spec.volumeGroupSnapshotClassName",
    reasons: groupReasons,
  });
}

function selectorSaysSomething({ source }: BindingSeen): Obstacle | undefined {
  if (!isEmptySelector(source.selector)) return undefined;
  return invalid(
    "spec.source.selector is empty, which would take every claim of the namespace; " +
      "create the group again with matchLabels or matchExpressions that name its claims",
  );
}

/** The CRD refuses these; an object stored under older rules may still have them. */
function expressionsAreComplete({ source }: BindingSeen): Obstacle | undefined {
  const bad = source.selector.matchExpressions?.find(({ operator, values = [] }) =>
    operator === "In" || operator === "NotIn" ? values.length === 0 : values.length > 0,
  );
  if (!bad) return undefined;
  return invalid(
    `spec.source.selector.matchExpressions has key "${bad.key}" with operator ${bad.operator} and ` +
      `${bad.values?.length ?? 0} values; In and NotIn need values, Exists and DoesNotExist take none: ` +
      "create the group again with the right ones",
  );
}

/** Said before anything about claims: without such a class, no claim can help. */
function aClassIsThere(seen: BindingSeen): Obstacle | undefined {
  const name = seen.group.spec.volumeGroupSnapshotClassName;
  const candidates = seen.classes.filter(({ metadata }) =>
    name === undefined ? metadata.annotations?.[isDefaultGroupClass] === "true" : metadata.name === name,
  );
  if (candidates.length > 0) return undefined;
  const chosen = choiceOf(seen);
  return isObstacle(chosen) ? chosen : undefined;
}

function aClaimMatches({ group, source, claims }: BindingSeen): Obstacle | undefined {
  if (claims.length > 0) return undefined;
  return invalid(
    `spec.source.selector ${JSON.stringify(source.selector)} matches no PersistentVolumeClaim in namespace ` +
      `"${group.metadata.namespace}"; label the claims, or create the group again with another selector`,
  );
}

function fewEnoughClaims({ claims }: BindingSeen): Obstacle | undefined {
  if (claims.length <= membersLimit) return undefined;
  return invalid(
    `spec.source.selector matches ${claims.length} claims, and a group holds at most ${membersLimit}; ` +
      "narrow the selector",
  );
}

function noClaimIsTerminating({ claims }: BindingSeen): Obstacle | undefined {
  return aboutClaims(
    claims.filter(({ claim }) => isTerminating(claim)),
    "being deleted; take the label off, or wait until it is gone",
  );
}

function everyClaimIsBound({ claims }: BindingSeen): Obstacle | undefined {
  return aboutClaims(
    claims.filter(({ claim }) => claim.status?.phase !== "Bound" || !claim.spec.volumeName),
    "not bound to a volume yet; let it be bound (a class with WaitForFirstConsumer needs a pod), or take the label off",
  );
}

function everyVolumeIsThere({ claims }: BindingSeen): Obstacle | undefined {
  return aboutClaims(
    claims.filter(({ volume }) => volume === undefined),
    "bound to a PersistentVolume that does not exist; bring the volume back, or take the label off",
  );
}

function everyVolumeIsOfCsi({ claims }: BindingSeen): Obstacle | undefined {
  return aboutClaims(
    claims.filter(({ volume }) => volume?.spec.csi === undefined),
    "bound to a volume that no CSI driver serves, so it cannot be snapshotted; take the label off",
  );
}

function oneDriverServesAll(seen: BindingSeen): Obstacle | undefined {
  if (driversOf(seen).length <= 1) return undefined;
  const perDriver = driversOf(seen).map((driver) => `${driver}: ${named(claimsOf(seen, driver))}`);
  return invalid(
    `the claims of the group are on ${perDriver.length} drivers (${perDriver.join("; ")}), and only volumes of one ` +
      "driver can be cut at one instant; make the selector match the claims of one driver",
  );
}

function oneClassFits(seen: BindingSeen): Obstacle | undefined {
  const chosen = choiceOf(seen);
  return isObstacle(chosen) ? chosen : undefined;
}

function parametersMeanSomething(seen: BindingSeen): Obstacle | undefined {
  const chosen = classOf(seen);
  const parameters = parseClassParameters(chosen?.parameters);
  if (!isProblem(parameters)) return undefined;
  return {
    reason: groupReasons.classMissing,
    message: `VolumeGroupSnapshotClass "${chosen?.metadata.name}" cannot be used: ${parameters.problem}`,
  };
}

/** Volumes that are local to different nodes have no sidecar in common that could cut them at one instant. */
function oneNodeReachesAll(seen: BindingSeen): Obstacle | undefined {
  const place = placeOfGroup(seen);
  if (place.is !== "nowhere") return undefined;
  return invalid(`${place.why}; make the selector match claims whose volumes one node reaches`);
}

/** Where the group's content is to be worked on. */
export function placeOfGroup({ claims, nodes }: BindingSeen): Place {
  const volumes = claims.flatMap(({ volume }) => volume ?? []);
  return nodes ? placeOf(volumes, nodes) : { is: "anywhere" };
}

function driversOf({ claims }: BindingSeen): readonly string[] {
  return [...new Set(claims.flatMap(({ volume }) => volume?.spec.csi?.driver ?? []))];
}

function claimsOf({ claims }: BindingSeen, driver: string): readonly SelectedClaim[] {
  return claims.filter(({ volume }) => volume?.spec.csi?.driver === driver);
}

function aboutClaims(claims: readonly SelectedClaim[], what: string): Obstacle | undefined {
  if (claims.length === 0) return undefined;
  const [are, noun] = claims.length === 1 ? ["is", "claim"] : ["are each", "claims"];
  return invalid(`spec.source.selector matches ${noun} ${named(claims)}, which ${are} ${what}`);
}

/** More names than this make no message better. */
const namesShown = 5;

function named(claims: readonly SelectedClaim[]): string {
  const shown = claims.slice(0, namesShown).map(({ claim }) => `"${claim.metadata.name}"`);
  const more = claims.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

const invalid = (message: string): Obstacle => ({ reason: groupReasons.invalid, message });
