import { type KubeObject, keyOf } from "../../kube/object.ts";

/** `error`: something does not work. `warning`: it works, and will not for long, or not for everybody. */
export type Severity = "error" | "warning";

/** One thing that is wrong with a cluster, and how to mend it. */
export interface Finding {
  readonly severity: Severity;
  /** One word for scripts: "DefinitionMissing". */
  readonly reason: string;
  /** What it is on: "VolumeGroupSnapshot shop/db". */
  readonly on: string;
  readonly what: string;
  readonly mend: string;
}

export const nameOf = (object: KubeObject, kind = object.kind) => `${kind} ${keyOf(object.metadata)}`;
