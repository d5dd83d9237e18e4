import type { SecretRef } from "../kube/core/volume.ts";

/** What the parameters of a StorageClass say: to the driver, and to us. */
export interface ClassParameters {
  readonly forDriver: Readonly<Record<string, string>>;
  /** "" lets the driver choose. */
  readonly fsType: string;
  readonly secrets: Readonly<Partial<Record<SecretUse, SecretRef>>>;
}

export interface Problem {
  readonly problem: string;
}

export type SecretUse =
  | "provisioner"
  | "controllerPublish"
  | "nodeStage"
  | "nodePublish"
  | "controllerExpand"
  | "nodeExpand";

const reserved = "csi.storage.k8s.io/";
const secretKeys: Readonly<Record<SecretUse, string>> = {
  provisioner: "provisioner-secret",
  controllerPublish: "controller-publish-secret",
  nodeStage: "node-stage-secret",
  nodePublish: "node-publish-secret",
  controllerExpand: "controller-expand-secret",
  nodeExpand: "node-expand-secret",
};
const uses = Object.keys(secretKeys) as SecretUse[]; // the keys of the table above
const known = new Set([
  `${reserved}fstype`,
  ...uses.flatMap((use) => [`${reserved}${secretKeys[use]}-name`, `${reserved}${secretKeys[use]}-namespace`]),
]);

/** The claim for which placeholders are filled in. */
export interface ForClaim {
  readonly volumeName: string;
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Reads the parameters of a class for one claim. A key with our prefix that means nothing is a slip, and refused. */
export function parametersFor(
  parameters: Readonly<Record<string, string>>,
  claim: ForClaim,
): ClassParameters | Problem {
  const unknown = Object.keys(parameters).find((key) => key.startsWith(reserved) && !known.has(key));
  if (unknown) return { problem: `parameter ${unknown} is unknown: use one of ${[...known].join(", ")}` };
  const secrets: Partial<Record<SecretUse, SecretRef>> = {};
  for (const use of uses) {
    const secret = secretFor(use, parameters, claim);
    if (!secret) continue;
    if ("problem" in secret) return secret;
    secrets[use] = secret;
  }
  return { forDriver: forDriver(parameters), fsType: parameters[`${reserved}fstype`] ?? "", secrets };
}

/** Of a class's parameters those that the driver is to see. */
export function forDriver(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(parameters).filter(([key]) => !key.startsWith(reserved)));
}

function secretFor(use: SecretUse, parameters: Readonly<Record<string, string>>, claim: ForClaim) {
  const nameKey = `${reserved}${secretKeys[use]}-name`;
  const namespaceKey = `${reserved}${secretKeys[use]}-namespace`;
  const [name, namespace] = [parameters[nameKey], parameters[namespaceKey]];
  if (!name && !namespace) return undefined;
  if (!name || !namespace)
    return { problem: `parameters ${nameKey} and ${namespaceKey} belong together: set both or none` };
  const common = { "pv.name": claim.volumeName, "pvc.namespace": claim.namespace };
  const forName = { ...common, "pvc.name": claim.name, ...annotationsOf(use, claim) };
  const filledName = filledIn({ key: nameKey, template: name, values: forName });
  const filledNamespace = filledIn({ key: namespaceKey, template: namespace, values: common });
  if ("problem" in filledName) return filledName;
  if ("problem" in filledNamespace) return filledNamespace;
  return { name: filledName.text, namespace: filledNamespace.text };
}

/** The claim's annotations may choose the secrets of calls that are made for that claim's user. */
function annotationsOf(use: SecretUse, claim: ForClaim): Readonly<Record<string, string>> {
  if (use === "provisioner") return {};
  const entries = Object.entries(claim.annotations);
  return Object.fromEntries(entries.map(([key, value]) => [`pvc.annotations['${key}']`, value]));
}

const objectName = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

interface Template {
  readonly key: string;
  readonly template: string;
  readonly values: Readonly<Record<string, string>>;
}

function filledIn({ key, template, values }: Template): { readonly text: string } | Problem {
  const placeholders = [...template.matchAll(/\$\{([^}]*)\}/g)].map((match) => match[1] ?? "");
  const unknown = placeholders.find((name) => !Object.hasOwn(values, name));
  if (unknown !== undefined)
    return { problem: `parameter ${key} has the placeholder \${${unknown}}: use ${Object.keys(values).join(", ")}` };
  const text = template.replace(/\$\{([^}]*)\}/g, (_placeholder, name: string) => values[name] ?? "");
  if (objectName.test(text)) return { text };
  return { problem: `parameter ${key} becomes "${text}", which is no name of a Kubernetes object` };
}
