import type { FieldError } from "../kinds/kind.ts";
import { invalid } from "../status.ts";

type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions" | "DeleteOptions" | "ListOptions";

/** 422 for what says how a request is to be done: to Kubernetes that is an object as well. */
export const invalidOptions = (kind: OptionsKind, errors: readonly FieldError[]) =>
  invalid({ group: "meta.k8s.io", plural: "", kind }, "", errors);
