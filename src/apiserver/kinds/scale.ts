import type { JsonObject } from "../../lib/json.ts";
import { ageColumn, nameColumn } from "./columns.ts";
import type { KindDefinition, SubresourceDefinition } from "./define.ts";
import { int32, object, text } from "./fields.ts";
import type { ScalePaths } from "./kind.ts";

const scale: KindDefinition = {
  group: "autoscaling",
  kind: "Scale",
  plural: "scales",
  description: "How many of something there are to be, whatever it is.",
  fields: {
    spec: object("What is wanted.", { replicas: int32("How many.", { minimum: 0 }) }),
    status: object("What there is.", {
      replicas: int32("How many."),
      selector: text("The labels of what is counted."),
    }),
  },
  columns: [nameColumn, ageColumn],
};

/** The subresource `scale` of a kind that keeps its numbers at these paths. */
export const scaleAt = (paths: ScalePaths): SubresourceDefinition => ({
  name: "scale",
  kind: scale,
  verbs: ["get", "patch", "update"],
  scale: paths,
});

/** The path of a CRD, such as `.spec.replicas`, in steps. */
export const stepsOf = (path: string): readonly string[] => path.split(".").slice(1);

/** The object with the value at a path replaced. */
export function withAt(object: JsonObject, [step, ...rest]: readonly string[], value: number): JsonObject {
  if (step === undefined) return object;
  const inner = (object[step] ?? {}) as JsonObject; // the schema has an object there, or nothing yet
  return { ...object, [step]: rest.length === 0 ? value : withAt(inner, rest, value) };
}
