import type { JsonObject } from "../../../lib/json.ts";
import { objectsAt, textsAt } from "../../kinds/read.ts";
import { type Deed, type PathDeed, type ResourceDeed, resourceText } from "../deed.ts";

/** One rule of a role. Empty lists allow nothing, but for `resourceNames`, which then names everything. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export const rulesOf = (role: JsonObject): readonly PolicyRule[] =>
  objectsAt(role, "rules").map((rule) => ({
    verbs: textsAt(rule, "verbs"),
    apiGroups: textsAt(rule, "apiGroups"),
    resources: textsAt(rule, "resources"),
    resourceNames: textsAt(rule, "resourceNames"),
    nonResourceURLs: textsAt(rule, "nonResourceURLs"),
  }));

export const allows = (rule: PolicyRule, deed: Deed): boolean =>
  deed.on === "resource" ? allowsResource(rule, deed) : allowsPath(rule, deed);

const hasOrAll = (list: readonly string[], item: string) => list.includes(item) || list.includes("*");

function allowsResource(rule: PolicyRule, deed: ResourceDeed): boolean {
  return (
    hasOrAll(rule.verbs, deed.verb) &&
    hasOrAll(rule.apiGroups, deed.group) &&
    coversResource(rule, resourceText(deed)) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(deed.name))
  );
}

function coversResource({ resources }: PolicyRule, text: string): boolean {
  if (hasOrAll(resources, text)) return true;
  const slash = text.indexOf("/");
  return slash >= 0 && resources.includes(`*${text.slice(slash)}`);
}

const allowsPath = (rule: PolicyRule, { verb, path }: PathDeed) => hasOrAll(rule.verbs, verb) && coversPath(rule, path);

const coversPath = ({ nonResourceURLs }: PolicyRule, path: string) =>
  nonResourceURLs.some((one) => one === path || (one.endsWith("*") && path.startsWith(one.slice(0, -1))));

/** The parts of `wanted` that no single rule of `held` covers: a rule each for one group, one resource, one verb, one name. */
export function missingFrom(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  const missing = wanted.flatMap(partsOf).filter((part) => !held.some((rule) => covers(rule, part)));
  return merged(missing);
}

const nothing: PolicyRule = { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };

function partsOf(rule: PolicyRule): readonly PolicyRule[] {
  const names = rule.resourceNames.length === 0 ? [[]] : rule.resourceNames.map((name) => [name]);
  const onResources = rule.apiGroups.flatMap((group) =>
    rule.resources.flatMap((resource) =>
      names.map((resourceNames) => ({ ...nothing, apiGroups: [group], resources: [resource], resourceNames })),
    ),
  );
  const onPaths = rule.nonResourceURLs.map((path) => ({ ...nothing, nonResourceURLs: [path] }));
  return [...onResources, ...onPaths].flatMap((part) => rule.verbs.map((verb) => ({ ...part, verbs: [verb] })));
}

function covers(rule: PolicyRule, part: PolicyRule): boolean {
  if (!part.verbs.every((verb) => hasOrAll(rule.verbs, verb))) return false;
  if (part.nonResourceURLs.length > 0) return part.nonResourceURLs.every((path) => coversPath(rule, path));
  return (
    part.apiGroups.every((group) => hasOrAll(rule.apiGroups, group)) &&
    part.resources.every((resource) => coversResource(rule, resource)) &&
    (rule.resourceNames.length === 0 ||
      (part.resourceNames.length > 0 && part.resourceNames.every((name) => rule.resourceNames.includes(name))))
  );
}

/** Parts of one resource (and no name) put together, verb by verb. */
function merged(parts: readonly PolicyRule[]): readonly PolicyRule[] {
  const found = new Map<string, PolicyRule>();
  for (const part of parts) {
    const { verbs, ...rest } = part;
    const key = JSON.stringify(rest);
    const known = found.get(key);
    found.set(key, known ? { ...known, verbs: [...new Set([...known.verbs, ...verbs])] } : part);
  }
  return [...found.values()];
}

/** A rule as kube-apiserver's messages show it. */
export function ruleText(rule: PolicyRule): string {
  const fields: readonly (readonly [string, readonly string[]])[] = [
    ["APIGroups", rule.apiGroups],
    ["Resources", rule.resources],
    ["NonResourceURLs", rule.nonResourceURLs],
    ["ResourceNames", rule.resourceNames],
    ["Verbs", rule.verbs],
  ];
  const shown = fields.filter(([, items]) => items.length > 0);
  return `{${shown.map(([name, items]) => `${name}:[${items.map((item) => JSON.stringify(item)).join(" ")}]`).join(", ")}}`;
}
