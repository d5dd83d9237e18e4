import { equalJson, type JsonObject } from "../../lib/json.ts";
import { forbidden, invalid, required } from "../schema/messages.ts";
import { ageColumn, column, integerColumn, nameColumn } from "./columns.ts";
import type { KindDefinition } from "./define.ts";
import {
  conditions,
  flag,
  list,
  listBy,
  localReference,
  object,
  objectReference,
  oneOf,
  text,
  textMap,
  texts,
} from "./fields.ts";
import type { AdmitRequest, FieldError } from "./kind.ts";
import { dnsLabelProblem } from "./names.ts";
import { objectAt, textAt, withField } from "./read.ts";
import { tokenRequest } from "./reviews.ts";

/** All data of a config map or secret together; what Kubernetes holds too, so that objects move freely. */
const dataLimitBytes = 1024 * 1024;

export const namespace: KindDefinition = {
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  clusterScoped: true,
  description: "A room of its own for names; deleting it deletes everything in it.",
  nameRule: dnsLabelProblem,
  hasStatus: true,
  hasFinalize: true,
  selectableFields: ["status.phase"],
  fields: {
    spec: object("How the namespace ends.", { finalizers: texts("What must be done before the namespace may go.") }),
    status: object("What became of it.", {
      phase: oneOf("Active or Terminating.", ["Active", "Terminating"]),
      conditions: conditions("What holds up the end of the namespace."),
    }),
  },
  columns: [nameColumn, column("Status", "Active or Terminating.", (it) => textAt(it, "status", "phase")), ageColumn],
  prepare: prepareNamespace,
};

function prepareNamespace(object: JsonObject, { verb }: AdmitRequest): JsonObject {
  const metadata = objectAt(object, "metadata");
  const labels = { ...objectAt(metadata, "labels"), "kubernetes.io/metadata.name": textAt(metadata, "name") };
  const labelled = textAt(metadata, "name") === "" ? object : withField(object, "metadata", { ...metadata, labels });
  if (verb === "update") return labelled;
  return { ...labelled, spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } };
}

export const configMap: KindDefinition = {
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  description: "Configuration: named pieces of text or bytes.",
  fields: {
    data: textMap("Pieces of text by name."),
    binaryData: {
      ...textMap("Pieces of bytes by name, in base64."),
      additionalProperties: { type: "string", format: "byte" },
    },
    immutable: flag("The data can no longer be changed."),
  },
  columns: [
    nameColumn,
    integerColumn("Data", "Number of pieces.", (it) => keyCount(it, "data") + keyCount(it, "binaryData")),
    ageColumn,
  ],
  check: (object, request) => [...dataErrors(object, ["data", "binaryData"]), ...immutableErrors(object, request)],
};

export const secret: KindDefinition = {
  kind: "Secret",
  plural: "secrets",
  description: "Named pieces of bytes that not everybody may read.",
  selectableFields: ["type"],
  fields: {
    data: { ...textMap("Pieces by name, in base64."), additionalProperties: { type: "string", format: "byte" } },
    stringData: textMap("Pieces by name as plain text; written to data, never read back."),
    type: text("What the pieces are for. Cannot be changed.", { default: "Opaque" }),
    immutable: flag("The data can no longer be changed."),
  },
  columns: [
    nameColumn,
    column("Type", "What the pieces are for.", (it) => textAt(it, "type")),
    integerColumn("Data", "Number of pieces.", (it) => keyCount(it, "data")),
    ageColumn,
  ],
  prepare: encodeStringData,
  check: secretErrors,
};

function encodeStringData(object: JsonObject): JsonObject {
  const { stringData, ...secret } = object;
  if (stringData === undefined) return object;
  const encoded = Object.entries(stringData as JsonObject).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString("base64"),
  ]);
  return { ...secret, data: { ...objectAt(object, "data"), ...Object.fromEntries(encoded) } };
}

function secretErrors(object: JsonObject, request: AdmitRequest): readonly FieldError[] {
  const errors = [...dataErrors(object, ["data"]), ...immutableErrors(object, request)];
  if (request.old && textAt(request.old, "type") !== textAt(object, "type"))
    errors.push(invalid("type", textAt(object, "type"), "field is immutable"));
  for (const key of requiredKeys[textAt(object, "type")] ?? [])
    if (objectAt(object, "data")[key] === undefined) errors.push(required(`data[${key}]`));
  return errors;
}

const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
};

function dataErrors(object: JsonObject, fields: readonly string[]): readonly FieldError[] {
  const errors: FieldError[] = [];
  let sizeBytes = 0;
  for (const field of fields)
    for (const [key, value] of Object.entries(objectAt(object, field))) {
      sizeBytes += Buffer.byteLength(
        String(value),
        field === "data" && object.kind === "ConfigMap" ? "utf8" : "base64",
      );
      if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key) || key === "." || key === "..")
        errors.push(
          invalid(
            `${field}[${key}]`,
            key,
            "a valid key must consist of alphanumeric characters, '-', '_' or '.', at most 253",
          ),
        );
    }
  if (sizeBytes > dataLimitBytes)
    errors.push({
      field: fields[0] ?? "",
      reason: "FieldValueTooLong",
      message: `Too long: may not be more than ${dataLimitBytes} bytes`,
    });
  return errors;
}

function immutableErrors(object: JsonObject, { old }: AdmitRequest): readonly FieldError[] {
  if (old?.immutable !== true) return [];
  const errors: FieldError[] = [];
  if (object.immutable !== true) errors.push(forbidden("immutable", "field is immutable when `immutable` is set"));
  for (const field of ["data", "binaryData"])
    if (!equalJson(objectAt(object, field), objectAt(old, field)))
      errors.push(forbidden(field, "field is immutable when `immutable` is set"));
  return errors;
}

export const serviceAccount: KindDefinition = {
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  description: "Who a process in the cluster is.",
  fields: {
    secrets: listBy("Secrets its processes may use.", ["name"], objectReference("A secret.")),
    imagePullSecrets: list("Secrets to pull images with.", localReference("A secret.")),
    automountServiceAccountToken: flag("Its pods get a token unless they say otherwise."),
  },
  columns: [nameColumn, ageColumn],
  subresources: [{ name: "token", kind: tokenRequest, verbs: ["create"] }],
};

export const lease: KindDefinition = {
  group: "coordination.k8s.io",
  kind: "Lease",
  plural: "leases",
  needsVersion: true,
  createdByUpdate: true,
  description: "Who leads, and until when.",
  fields: {
    spec: object("Who holds the lease.", {
      holderIdentity: text("Who holds it."),
      leaseDurationSeconds: {
        type: "integer",
        format: "int32",
        description: "How long it lasts from renewTime.",
        minimum: 1,
      },
      acquireTime: text("When the holder got it.", { format: "date-time" }),
      renewTime: text("When the holder last renewed it.", { format: "date-time" }),
      leaseTransitions: { type: "integer", format: "int32", description: "How often it changed hands.", minimum: 0 },
      strategy: text("How the holder is chosen among candidates."),
      preferredHolder: text("Who should get it next."),
    }),
  },
  columns: [nameColumn, column("Holder", "Who holds it.", (it) => textAt(it, "spec", "holderIdentity")), ageColumn],
};

const keyCount = (object: JsonObject, field: string) => Object.keys(objectAt(object, field)).length;
