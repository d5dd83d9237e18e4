import { equalJson, type JsonObject } from "../../lib/json.ts";
import { invalid } from "../schema/messages.ts";
import type { Schema } from "../schema/schema.ts";
import { claim } from "./claim.ts";
import { ageColumn, column, integerColumn, nameColumn, wideColumn } from "./columns.ts";
import type { KindDefinition } from "./define.ts";
import { anything, conditions, flag, int32, int64, labelSelector, list, object, text } from "./fields.ts";
import type { AdmitRequest, FieldError } from "./kind.ts";
import { podTemplate } from "./pod-spec.ts";
import { at, objectAt, objectsAt, textAt } from "./read.ts";
import { scaleAt } from "./scale.ts";

/** Deployments and stateful sets are records here: nothing makes their pods. */

const counts = (names: readonly string[]): Record<string, Schema> =>
  Object.fromEntries(names.map((name) => [name, int32(`Number of pods: ${name}.`)]));

const shared = {
  group: "apps",
  categories: ["all"],
  hasStatus: true,
  hasGeneration: true,
  required: ["spec"],
  check: selectorErrors,
  subresources: [
    scaleAt({ wanted: ["spec", "replicas"], present: ["status", "replicas"], selector: ["spec", "selector"] }),
  ],
} as const;

const images = [
  wideColumn("Containers", "Its containers.", (it) =>
    containersOf(it)
      .map((one) => textAt(one, "name"))
      .join(","),
  ),
  wideColumn("Images", "Their images.", (it) =>
    containersOf(it)
      .map((one) => textAt(one, "image"))
      .join(","),
  ),
];

export const deployment: KindDefinition = {
  ...shared,
  kind: "Deployment",
  plural: "deployments",
  shortNames: ["deploy"],
  description: "Pods that are all alike.",
  fields: {
    spec: object(
      "What is wanted.",
      {
        replicas: int32("How many pods.", { default: 1, minimum: 0 }),
        selector: labelSelector("Its pods. Cannot be changed."),
        template: podTemplate,
        strategy: { ...anything("How pods are replaced."), "x-kubernetes-patch-strategy": "retainKeys" },
        minReadySeconds: int32("How long a pod must be ready."),
        revisionHistoryLimit: int32("How many old versions are kept.", { default: 10 }),
        paused: flag("Nothing is replaced."),
        progressDeadlineSeconds: int32("How long a replacement may take.", { default: 600 }),
      },
      ["selector", "template"],
    ),
    status: object("What there is.", {
      observedGeneration: int64("The generation this was said of."),
      ...counts([
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "terminatingReplicas",
      ]),
      collisionCount: int32("How often a name was taken."),
      conditions: conditions("How it is."),
    }),
  },
  columns: [
    nameColumn,
    column("Ready", "Pods that are ready, of all.", readyText),
    integerColumn("Up-to-date", "Pods of the newest version.", (it) => count(it, "updatedReplicas")),
    integerColumn("Available", "Pods that serve.", (it) => count(it, "availableReplicas")),
    ageColumn,
    ...images,
    wideColumn("Selector", "Its pods.", selectorText),
  ],
};

export const statefulSet: KindDefinition = {
  ...shared,
  kind: "StatefulSet",
  plural: "statefulsets",
  shortNames: ["sts"],
  description: "Pods that each have a name and volumes of their own.",
  fields: {
    spec: object(
      "What is wanted.",
      {
        replicas: int32("How many pods.", { default: 1, minimum: 0 }),
        selector: labelSelector("Its pods. Cannot be changed."),
        template: podTemplate,
        volumeClaimTemplates: list(
          "The claims each pod gets.",
          object("A claim.", {
            apiVersion: text("v1."),
            kind: text("PersistentVolumeClaim."),
            metadata: anything("Its name and labels."),
            spec: claim.fields.spec ?? {},
            status: anything("Not used."),
          }),
        ),
        serviceName: text("The service that gives the pods their names."),
        podManagementPolicy: text("One after the other, or all at once.", { default: "OrderedReady" }),
        updateStrategy: anything("How pods are replaced."),
        revisionHistoryLimit: int32("How many old versions are kept.", { default: 10 }),
        minReadySeconds: int32("How long a pod must be ready."),
        persistentVolumeClaimRetentionPolicy: anything("What becomes of the claims."),
        ordinals: object("How pods are numbered.", { start: int32("The first number.") }),
      },
      ["selector", "template"],
    ),
    status: object("What there is.", {
      observedGeneration: int64("The generation this was said of."),
      ...counts(["replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"]),
      currentRevision: text("The version most pods have."),
      updateRevision: text("The version they get."),
      collisionCount: int32("How often a name was taken."),
      conditions: conditions("How it is."),
    }),
  },
  columns: [nameColumn, column("Ready", "Pods that are ready, of all.", readyText), ageColumn, ...images],
};

const containersOf = (workload: JsonObject) => objectsAt(workload, "spec", "template", "spec", "containers");

const count = (workload: JsonObject, field: string) => Number(at(workload, "status", field) ?? 0);

function readyText(workload: JsonObject): string {
  return `${count(workload, "readyReplicas")}/${String(at(workload, "spec", "replicas") ?? 0)}`;
}

function selectorText(workload: JsonObject): string {
  return Object.entries(objectAt(workload, "spec", "selector", "matchLabels"))
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(",");
}

function selectorErrors(workload: JsonObject, { old }: AdmitRequest): readonly FieldError[] {
  const selector = objectAt(workload, "spec", "selector");
  if (old && !equalJson(selector, objectAt(old, "spec", "selector")))
    return [invalid("spec.selector", selector, "field is immutable")];
  const labels = objectAt(workload, "spec", "template", "metadata", "labels");
  const matches = Object.entries(objectAt(selector, "matchLabels")).every(([key, value]) => labels[key] === value);
  return matches
    ? []
    : [invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")];
}
