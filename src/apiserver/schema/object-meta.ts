import type { Schema } from "./schema.ts";

const text = (description: string): Schema => ({ type: "string", description });
const time = (description: string): Schema => ({ type: "string", format: "date-time", description });
const texts = (description: string): Schema => ({
  type: "object",
  additionalProperties: { type: "string" },
  description,
});

const ownerReference: Schema = {
  type: "object",
  description: "An object without which this one is of no use: it is deleted after its last owner.",
  required: ["apiVersion", "kind", "name", "uid"],
  "x-kubernetes-map-type": "atomic",
  properties: {
    apiVersion: text("API version of the owner."),
    kind: text("Kind of the owner."),
    name: text("Name of the owner."),
    uid: text("Uid of the owner."),
    controller: { type: "boolean", description: "The owner manages this object; one owner at most does." },
    blockOwnerDeletion: {
      type: "boolean",
      description: "A foreground deletion of the owner waits until this object is gone.",
    },
  },
};

const managedFields: Schema = {
  type: "object",
  description: "Which fields one manager has set.",
  properties: {
    manager: text("Who set the fields."),
    operation: text("How: Apply or Update."),
    apiVersion: text("The version of the object the fields are meant in."),
    time: time("When the manager last changed the set of its fields."),
    fieldsType: text("Always FieldsV1."),
    fieldsV1: { type: "object", "x-kubernetes-preserve-unknown-fields": true, description: "The fields." },
    subresource: text("The subresource through which they were set."),
  },
};

/** Metadata of every object. */
export const objectMetaSchema: Schema = {
  type: "object",
  description: "Name, labels, owners and the rest of what every object has.",
  properties: {
    name: text("Unique among the objects of this kind in its namespace. Cannot be changed."),
    generateName: text("When no name is given: the beginning of the name the server makes up."),
    namespace: text("The namespace the object lives in. Cannot be changed."),
    selfLink: text("No longer filled in."),
    uid: text("Unique over space and time; filled in by the server."),
    resourceVersion: text("Changes with every write; compare to see whether the object changed."),
    generation: {
      type: "integer",
      format: "int64",
      description: "Rises whenever what is desired of the object changes.",
    },
    creationTimestamp: time("When the object was created; filled in by the server."),
    deletionTimestamp: time("When deletion was asked for; the object goes once its finalizers have gone."),
    deletionGracePeriodSeconds: {
      type: "integer",
      format: "int64",
      description: "How long the object may take to end in good order.",
    },
    labels: texts("Pairs by which objects are selected."),
    annotations: texts("Pairs that tools keep with the object; never used to select it."),
    ownerReferences: {
      type: "array",
      items: ownerReference,
      description: "The objects this one belongs to.",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["uid"],
      "x-kubernetes-patch-strategy": "merge",
      "x-kubernetes-patch-merge-key": "uid",
    },
    finalizers: {
      type: "array",
      items: { type: "string" },
      description: "What must be done before the object may go.",
      "x-kubernetes-list-type": "set",
      "x-kubernetes-patch-strategy": "merge",
    },
    managedFields: {
      type: "array",
      items: managedFields,
      description: "Which fields each manager has set.",
      "x-kubernetes-list-type": "atomic",
    },
  },
};
