import type { Json, JsonObject } from "../../lib/json.ts";
import type { FieldError, Kind } from "../kinds/kind.ts";
import { objectAt, objectsAt, textAt, textsAt } from "../kinds/read.ts";
import { changeErrors, definitionErrors } from "./check.ts";
import { type Converter, customKind } from "./custom-kind.ts";
import { type Names, parseDefinition } from "./definition.ts";

/**
 * The served versions of a CustomResourceDefinition, as kinds.
 *
 * @param convert from any version to any other; without it, strategy None changes apiVersion alone
 */
export function kindsOf(crd: JsonObject, convert?: Converter): readonly Kind[] {
  const definition = parseDefinition(crd);
  return definition.versions
    .filter((version) => version.served)
    .map((version) => customKind(definition, version, convert));
}

/** What is wrong with a CustomResourceDefinition, or with its change from `old`. */
export function checkCrd(crd: JsonObject, old?: JsonObject): readonly FieldError[] {
  return [...definitionErrors(crd, old), ...(old ? changeErrors(crd, old) : [])];
}

/**
 * The status of a CustomResourceDefinition: whether its names are free among `others`, and thus whether it is served; and
 * the versions in which objects may be kept. A condition that stays as it was keeps its time.
 */
export function crdStatus(crd: JsonObject, others: readonly JsonObject[], now: Date): JsonObject {
  const { name, names, versions } = parseDefinition(crd);
  const taken = namesTakenBy(others.filter((other) => isRival(other, crd)));
  const conflict = conflictOf(names, taken);
  const before = objectsAt(crd, "status", "conditions");
  const wasEstablished = before.some((one) => one.type === "Established" && one.status === "True");
  const isEstablished = wasEstablished || !conflict;
  const storage = versions.find((version) => version.storage)?.name;
  const stored = new Set([...textsAt(crd, "status", "storedVersions"), ...(storage ? [storage] : [])]);
  const conditions = [
    conflict
      ? { type: "NamesAccepted", status: "False", reason: conflict.reason, message: conflict.message }
      : { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" },
    isEstablished
      ? {
          type: "Established",
          status: "True",
          reason: "InitialNamesAccepted",
          message: "the initial names have been accepted",
        }
      : {
          type: "Established",
          status: "False",
          reason: "NotAccepted",
          message: `not all names of ${name} are accepted`,
        },
  ];
  const unrelated = before.filter((one) => one.type !== "NamesAccepted" && one.type !== "Established");
  return {
    conditions: [...conditions.map((condition) => withTime(condition, before, now)), ...unrelated],
    acceptedNames: conflict ? objectAt(crd, "status", "acceptedNames") : namesObject(names),
    storedVersions: [...stored],
  };
}

/** The status of a definition that waits for its objects to go, or undefined if it says so already. */
export function terminatingStatus(crd: JsonObject, now: Date): JsonObject | undefined {
  const conditions = objectsAt(crd, "status", "conditions");
  if (conditions.some(({ type }) => type === terminating.type)) return undefined;
  return { ...objectAt(crd, "status"), conditions: [...conditions, withTime(terminating, [], now)] };
}

const terminating: JsonObject = {
  type: "Terminating",
  status: "True",
  reason: "InstanceDeletionInProgress",
  message: "CustomResource deletion is in progress",
};

const isRival = (other: JsonObject, crd: JsonObject) =>
  textAt(other, "spec", "group") === textAt(crd, "spec", "group") &&
  textAt(other, "metadata", "name") !== textAt(crd, "metadata", "name");

interface Taken {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

function namesTakenBy(others: readonly JsonObject[]): Taken {
  const accepted = others.map((other) => objectAt(other, "status", "acceptedNames"));
  return {
    resources: new Set(
      accepted.flatMap((names) => [
        textAt(names, "plural"),
        textAt(names, "singular"),
        ...textsAt(names, "shortNames"),
      ]),
    ),
    kinds: new Set(accepted.flatMap((names) => [textAt(names, "kind"), textAt(names, "listKind")])),
  };
}

function conflictOf(names: Names, taken: Taken): { readonly reason: string; readonly message: string } | undefined {
  const candidates: readonly (readonly [string, string, ReadonlySet<string>])[] = [
    ["PluralConflict", names.plural, taken.resources],
    ["SingularConflict", names.singular, taken.resources],
    ...names.shortNames.map((short) => ["ShortNamesConflict", short, taken.resources] as const),
    ["KindConflict", names.kind, taken.kinds],
    ["ListKindConflict", names.listKind, taken.kinds],
  ];
  const conflict = candidates.findLast(([, name, others]) => others.has(name)); // what Kubernetes tells of several
  return conflict && { reason: conflict[0], message: `"${conflict[1]}" is already in use` };
}

function withTime(condition: JsonObject, before: readonly JsonObject[], now: Date): JsonObject {
  const old = before.find((one) => one.type === condition.type && one.status === condition.status);
  const time: Json = old?.lastTransitionTime ?? now.toISOString().replace(/\.\d+Z$/, "Z");
  return { ...condition, lastTransitionTime: time };
}

function namesObject(names: Names): JsonObject {
  const { shortNames, categories, ...rest } = names;
  return {
    ...rest,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  };
}
