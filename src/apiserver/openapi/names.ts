import type { Kind } from "../kinds/kind.ts";

/** Groups whose Go packages are not named after the group turned around. */
const packages: Readonly<Record<string, string>> = {
  "": "io.k8s.api.core",
  apps: "io.k8s.api.apps",
  "authentication.k8s.io": "io.k8s.api.authentication",
  "authorization.k8s.io": "io.k8s.api.authorization",
  "admissionregistration.k8s.io": "io.k8s.api.admissionregistration",
  "apiextensions.k8s.io": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
  "coordination.k8s.io": "io.k8s.api.coordination",
  "events.k8s.io": "io.k8s.api.events",
  "rbac.authorization.k8s.io": "io.k8s.api.rbac",
  "storage.k8s.io": "io.k8s.api.storage",
};

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";

export const objectMetaName = `${meta}.ObjectMeta`;
export const listMetaName = `${meta}.ListMeta`;
export const statusName = `${meta}.Status`;
export const deleteOptionsName = `${meta}.DeleteOptions`;
export const patchName = `${meta}.Patch`;
export const quantityName = "io.k8s.apimachinery.pkg.api.resource.Quantity";

/** The name of a kind's schema, as Kubernetes names them: `io.k8s.api.core.v1.Pod`. */
export function schemaNameOf(kind: Pick<Kind, "group" | "version">, name: string): string {
  const folder = packages[kind.group] ?? kind.group.split(".").reverse().join(".");
  return `${folder}.${kind.version}.${name}`;
}

/** True for the kinds that a strategic merge patch can be made for. */
export const isBuiltInGroup = (group: string): boolean => Object.hasOwn(packages, group);

export const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });
