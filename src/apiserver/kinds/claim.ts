import { equalJson, type Json, type JsonObject } from "../../lib/json.ts";
import { forbidden, invalid, required, unsupported } from "../schema/messages.ts";
import { compareQuantities, parseQuantity } from "../schema/quantity.ts";
import type { Schema } from "../schema/schema.ts";
import { ageColumn, column, nameColumn, wideColumn } from "./columns.ts";
import type { KindDefinition } from "./define.ts";
import {
  anything,
  conditions,
  labelSelector,
  object,
  oneOf,
  quantities,
  text,
  textMap,
  texts,
  withDefault,
} from "./fields.ts";
import type { AdmitRequest, FieldError } from "./kind.ts";
import { at, objectAt, textAt, textsAt, withField } from "./read.ts";

const accessModes = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];
const shortModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

/** RWO,ROX: in one order, each once. */
export const modesText = (modes: readonly string[]): string =>
  accessModes
    .filter((mode) => modes.includes(mode))
    .map((mode) => shortModes[mode])
    .join(",");

export const volumeMode = (description: string): Schema => oneOf(description, ["Filesystem", "Block"], "Filesystem");

const dataSource = (description: string, withNamespace: boolean): Schema => ({
  ...object(
    description,
    {
      apiGroup: text("API group of the object; empty for claims."),
      kind: text("Kind of the object."),
      name: text("Name of the object."),
      ...(withNamespace && { namespace: text("Its namespace, if it is another one.") }),
    },
    ["kind", "name"],
  ),
  ...(!withNamespace && { "x-kubernetes-map-type": "atomic" }),
});

export const claimSpec: Schema = object("What is asked for.", {
  accessModes: texts("How the volume is to be used."),
  selector: labelSelector("Which volumes may serve the claim."),
  resources: object("How much.", {
    requests: quantities("At least this much."),
    limits: quantities("At most this much."),
  }),
  volumeName: text("The volume that serves the claim."),
  storageClassName: text("The class of the volume."),
  volumeMode: volumeMode("Filesystem or Block."),
  dataSource: dataSource("What the volume starts with: a VolumeSnapshot or another claim.", false),
  dataSourceRef: dataSource("What the volume starts with, of any kind.", true),
  volumeAttributesClassName: text("The class of attributes that can be changed later."),
});

export const claim: KindDefinition = {
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  shortNames: ["pvc"],
  description: "A request for a volume.",
  hasStatus: true,
  fields: {
    spec: withDefault(claimSpec, {}),
    status: object("What became of it.", {
      phase: text("Pending, Bound or Lost."),
      accessModes: texts("How the volume can be used."),
      capacity: quantities("How large the volume is."),
      conditions: conditions("What is going on with the claim."),
      allocatedResources: quantities("What an expansion under way asks for."),
      allocatedResourceStatuses: textMap("How far that expansion is."),
      healthStatus: anything("How the volume is."),
      currentVolumeAttributesClassName: text("The attributes the volume has."),
      modifyVolumeStatus: object("A change of attributes under way.", {
        status: text("How far it is."),
        targetVolumeAttributesClassName: text("Where it leads."),
      }),
    }),
  },
  columns: [
    nameColumn,
    column("Status", "Pending, Bound, Lost or Terminating.", phaseOf),
    column("Volume", "The volume that serves the claim.", (it) => textAt(it, "spec", "volumeName")),
    column("Capacity", "How large the volume is.", (it) => boundOnly(it, textAt(it, "status", "capacity", "storage"))),
    column("Access Modes", "How the volume can be used.", (it) =>
      boundOnly(it, modesText(textsAt(it, "status", "accessModes"))),
    ),
    column("StorageClass", "The class of the volume.", classOf),
    column("VolumeAttributesClass", "The class of its attributes.", attributesClassOf),
    ageColumn,
    wideColumn("VolumeMode", "Filesystem or Block.", (it) => textAt(it, "spec", "volumeMode")),
  ],
  prepare: prepareClaim,
  check: claimErrors,
};

function phaseOf(claim: JsonObject): string {
  return at(claim, "metadata", "deletionTimestamp") === undefined ? textAt(claim, "status", "phase") : "Terminating";
}

const boundOnly = (claim: JsonObject, value: string) => (textAt(claim, "spec", "volumeName") === "" ? "" : value);

function classOf(claim: JsonObject): string {
  return (
    textAt(claim, "metadata", "annotations", "volume.beta.kubernetes.io/storage-class") ||
    textAt(claim, "spec", "storageClassName")
  );
}

export function attributesClassOf(object: JsonObject): string {
  return textAt(object, "spec", "volumeAttributesClassName") || "<unset>";
}

function prepareClaim(claim: JsonObject, { verb, subresource }: AdmitRequest): JsonObject {
  if (verb === "update") return claim;
  const created = withField(claim, "spec", withBothSources(objectAt(claim, "spec")));
  return subresource ? created : withField(created, "status", { phase: "Pending" });
}

/** dataSource and dataSourceRef say the same; a client that knows only one of them finds it filled in. */
function withBothSources(spec: JsonObject): JsonObject {
  const { dataSource, ...rest } = spec;
  const source = isVolumeSource(dataSource) ? dataSource : undefined;
  const reference = spec.dataSourceRef ?? source;
  const mirrored = source ?? (textAt(spec, "dataSourceRef", "namespace") === "" ? reference : undefined);
  return { ...rest, ...(mirrored && { dataSource: mirrored }), ...(reference && { dataSourceRef: reference }) };
}

function isVolumeSource(source: Json | undefined): boolean {
  const group = textAt({ source }, "source", "apiGroup");
  const kind = textAt({ source }, "source", "kind");
  return (
    (group === "" && kind === "PersistentVolumeClaim") ||
    (group === "snapshot.storage.k8s.io" && kind === "VolumeSnapshot")
  );
}

function claimErrors(claim: JsonObject, { old, subresource }: AdmitRequest): readonly FieldError[] {
  if (subresource === "status") return [];
  if (old) return updateErrors(claim, old);
  const spec = objectAt(claim, "spec");
  return [...modeErrors(textsAt(spec, "accessModes")), ...requestErrors(spec), ...sourceErrors(spec)];
}

export function modeErrors(modes: readonly string[]): readonly FieldError[] {
  if (modes.length === 0) return [required("spec.accessModes", "at least 1 access mode is required")];
  const unknown = modes.filter((mode) => !accessModes.includes(mode));
  if (unknown.length > 0) return unknown.map((mode) => unsupported("spec.accessModes", mode, [...accessModes].sort()));
  if (!modes.includes("ReadWriteOncePod") || modes.length === 1) return [];
  return [forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes")];
}

function requestErrors(spec: JsonObject): readonly FieldError[] {
  const storage = at(spec, "resources", "requests", "storage");
  if (storage === undefined) return [required("spec.resources[storage]")];
  const amount = parseQuantity(String(storage));
  if (!amount || amount.nano > 0n) return [];
  return [invalid("spec.resources[storage]", storage, "must be greater than zero")];
}

function sourceErrors(spec: JsonObject): readonly FieldError[] {
  const { dataSource, dataSourceRef } = spec;
  const errors: FieldError[] = [];
  for (const field of ["dataSource", "dataSourceRef"])
    if (spec[field] && textAt(spec, field, "name") === "") errors.push(required(`spec.${field}.name`));
  if (dataSource && dataSourceRef && !equalJson(dataSource, dataSourceRef))
    errors.push(invalid("spec", dataSource, "must match dataSourceRef"));
  return errors;
}

function updateErrors(claim: JsonObject, old: JsonObject): readonly FieldError[] {
  const before = objectAt(old, "spec");
  const after = objectAt(claim, "spec");
  if (equalJson(frozenPart(before, after), frozenPart(after, after))) return sizeErrors(claim, old);
  return [
    forbidden(
      "spec",
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
    ),
  ];
}

/** What may never change: all but the volume and class while they are unset, the request, and the attributes. */
function frozenPart(spec: JsonObject, after: JsonObject): JsonObject {
  const { volumeAttributesClassName: _attributes, ...rest } = spec;
  return {
    ...rest,
    resources: objectAt(spec, "resources", "limits"),
    volumeName: textAt(spec, "volumeName") || textAt(after, "volumeName"),
    storageClassName: (spec.storageClassName ?? after.storageClassName) as Json | undefined,
  };
}

function sizeErrors(claim: JsonObject, old: JsonObject): readonly FieldError[] {
  const before = parseQuantity(textAt(old, "spec", "resources", "requests", "storage"));
  const after = parseQuantity(textAt(claim, "spec", "resources", "requests", "storage"));
  if (!before || !after || compareQuantities(before, after) === 0) return [];
  if (textAt(old, "status", "phase") !== "Bound")
    return [
      forbidden(
        "spec",
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
      ),
    ];
  const capacity = parseQuantity(textAt(old, "status", "capacity", "storage"));
  if (!capacity || compareQuantities(after, capacity) >= 0) return [];
  return [forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")];
}
