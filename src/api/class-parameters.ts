/** Class parameters: which of them go to the driver, and which name the secrets that its calls carry. */

const reserved = "csi.storage.k8s.io/";

/** Calls that may need a secret, by the keys that name it in a class. */
const secretKeys = {
  snapshotter: "snapshotter-secret",
  snapshotterList: "snapshotter-list-secret",
  groupSnapshotter: "group-snapshotter-secret",
  groupSnapshotterGet: "group-snapshotter-get-secret",
} as const;

export type SecretUse = keyof typeof secretKeys;

/** A secret's name and namespace, either of which may hold `${…}` placeholders. */
export interface SecretTemplate {
  readonly name: string;
  readonly namespace: string;
}

export interface ClassParameters {
  /** What the driver is given. */
  readonly forDriver: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Partial<Record<SecretUse, SecretTemplate>>>;
}

/** Why a class cannot be used, said to whoever wrote it. */
export interface Problem {
  readonly problem: string;
}

export function isProblem(value: object): value is Problem {
  return "problem" in value;
}

/** Tells the driver's parameters from ours. A key with our prefix that means nothing is a slip, and refused. */
export function parseClassParameters(parameters: Readonly<Record<string, string>> = {}): ClassParameters | Problem {
  const entries = Object.entries(parameters);
  const unknown = entries.find(([key]) => key.startsWith(reserved) && !knownKeys.has(key));
  if (unknown) return { problem: `class parameter ${unknown[0]} is unknown: use one of ${[...knownKeys].join(", ")}` };
  const secrets: Partial<Record<SecretUse, SecretTemplate>> = {};
  for (const use of secretUses) {
    const name = parameters[keyOf(use, "name")];
    const namespace = parameters[keyOf(use, "namespace")];
    if (!name && !namespace) continue;
    if (!name || !namespace)
      return {
        problem: `class parameters ${keyOf(use, "name")} and ${keyOf(use, "namespace")} belong together: set both or none`,
      };
    secrets[use] = { name, namespace };
  }
  return { forDriver: Object.fromEntries(entries.filter(([key]) => !key.startsWith(reserved))), secrets };
}

const secretUses = Object.keys(secretKeys) as SecretUse[]; // the keys of a literal
const keyOf = (use: SecretUse, part: "name" | "namespace") => `${reserved}${secretKeys[use]}-${part}`;
const knownKeys = new Set(secretUses.flatMap((use) => [keyOf(use, "name"), keyOf(use, "namespace")]));

/** Where a secret is. */
export interface SecretAt {
  readonly name: string;
  readonly namespace: string;
}

/** The objects whose names may stand in a secret's template. */
export interface SecretContext {
  /** "volumesnapshot" or "volumegroupsnapshot": the placeholders are named after the kind. */
  readonly kind: "volumesnapshot" | "volumegroupsnapshot";
  readonly contentName: string;
  readonly snapshot: { readonly name: string; readonly namespace: string };
}

/** The secret that a template means for one snapshot. The snapshot's own name may stand in the secret's name only. */
export function secretOf(template: SecretTemplate, context: SecretContext): SecretAt | Problem {
  const common = {
    [`${context.kind}content.name`]: context.contentName,
    [`${context.kind}.namespace`]: context.snapshot.namespace,
  };
  const name = filledIn(template.name, { ...common, [`${context.kind}.name`]: context.snapshot.name });
  if (isProblem(name)) return name;
  const namespace = filledIn(template.namespace, common);
  if (isProblem(namespace)) return namespace;
  return { name: name.text, namespace: namespace.text };
}

/** What is wrong with the first of these secrets that is named and means nothing, so that it is said before any call. */
export function secretsProblem(
  { secrets }: ClassParameters,
  uses: readonly SecretUse[],
  context: SecretContext,
): Problem | undefined {
  return uses
    .flatMap((use) => secrets[use] ?? [])
    .map((template) => secretOf(template, context))
    .find(isProblem);
}

function filledIn(template: string, values: Readonly<Record<string, string>>): { readonly text: string } | Problem {
  const placeholders = [...template.matchAll(/\$\{([^}]*)\}/g)].map((match) => match[1] ?? "");
  const unknown = placeholders.find((key) => !Object.hasOwn(values, key));
  if (unknown !== undefined)
    return {
      problem: `secret "${template}" has the placeholder \${${unknown}}, which is none of ${Object.keys(values).join(", ")}`,
    };
  const text = template.replace(/\$\{([^}]*)\}/g, (_placeholder, key: string) => values[key] ?? "");
  if (objectName.test(text)) return { text };
  return { problem: `secret "${template}" becomes "${text}", which is no name of a Kubernetes object` };
}

const objectName = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** Parameters that tell the driver for which objects it works (`--extra-create-metadata`). */
export function createMetadataOf({ kind, contentName, snapshot }: SecretContext): Readonly<Record<string, string>> {
  return {
    [`${reserved}${kind}/name`]: snapshot.name,
    [`${reserved}${kind}/namespace`]: snapshot.namespace,
    [`${reserved}${kind}content/name`]: contentName,
  };
}
