import type { JsonObject } from "../../lib/json.ts";
import { invalid } from "../schema/messages.ts";
import type { Schema } from "../schema/schema.ts";
import { ageOf } from "../table/age.ts";
import { column, nameColumn, wideColumn } from "./columns.ts";
import type { KindDefinition } from "./define.ts";
import { int32, object, objectReference, text, time } from "./fields.ts";
import type { FieldError } from "./kind.ts";
import { at, objectAt, textAt } from "./read.ts";

/**
 * Events are one kind with two faces: v1, which most clients write and read, and events.k8s.io/v1, which names the same
 * things otherwise. They are kept as v1.
 */
const newNames = {
  involvedObject: "regarding",
  message: "note",
  source: "deprecatedSource",
  firstTimestamp: "deprecatedFirstTimestamp",
  lastTimestamp: "deprecatedLastTimestamp",
  count: "deprecatedCount",
  reportingComponent: "reportingController",
} as const;

const source = (description: string): Schema =>
  object(description, { component: text("The component."), host: text("The node it runs on.") });

const series = object("How often the same happened since.", {
  count: int32("How often."),
  lastObservedTime: time("When it last happened."),
});

const sharedFields = {
  reason: text("Why, in one word."),
  type: text("Normal or Warning."),
  eventTime: time("When it happened first."),
  action: text("What was done about the object."),
  series,
  related: objectReference("Another object that has a part in it."),
  reportingInstance: text("Which instance of the reporter it was."),
};

export const coreEvent: KindDefinition = {
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  description: "Something that happened to an object, for people to read.",
  selectableFields: [
    ...["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map(
      (one) => `involvedObject.${one}`,
    ),
    "reason",
    "reportingComponent",
    "source",
    "type",
  ],
  fieldPaths: { source: "source.component" },
  fields: {
    involvedObject: objectReference("The object it happened to."),
    message: text("What happened, for people."),
    source: source("Who reports it."),
    firstTimestamp: time("When it happened first."),
    lastTimestamp: time("When it happened last."),
    count: int32("How often it happened."),
    reportingComponent: text("Who reports it."),
    ...sharedFields,
  },
  required: ["metadata", "involvedObject"],
  columns: columnsOf((event) => event),
  check: (event) => namespaceErrors(event, "involvedObject"),
};

export const newEvent: KindDefinition = {
  ...coreEvent,
  group: "events.k8s.io",
  selectableFields: [
    ...["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map(
      (one) => `regarding.${one}`,
    ),
    "reason",
    "reportingController",
    "type",
  ],
  fieldPaths: {},
  fields: {
    regarding: objectReference("The object it happened to."),
    note: text("What happened, for people."),
    deprecatedSource: source("Who reports it, by older clients."),
    deprecatedFirstTimestamp: time("When it happened first, by older clients."),
    deprecatedLastTimestamp: time("When it happened last, by older clients."),
    deprecatedCount: int32("How often it happened, by older clients."),
    reportingController: text("Who reports it."),
    ...sharedFields,
  },
  required: ["metadata"],
  columns: columnsOf(toCoreEvent),
  keptAs: { group: "", version: "v1", toStored: toCoreEvent, fromStored: toNewEvent },
  check: (event) => namespaceErrors(event, "regarding"),
};

/** The v1 shape of an event of either shape. */
function toCoreEvent(event: JsonObject): JsonObject {
  const renames = Object.fromEntries(Object.entries(newNames).map(([core, renamed]) => [renamed, core]));
  return renamed(event, { apiVersion: "v1", renames });
}

/** The events.k8s.io/v1 shape of an event of either shape. */
function toNewEvent(event: JsonObject): JsonObject {
  return renamed(event, { apiVersion: "events.k8s.io/v1", renames: newNames });
}

interface Face {
  readonly apiVersion: string;
  readonly renames: Readonly<Record<string, string>>;
}

function renamed(event: JsonObject, { apiVersion, renames }: Face): JsonObject {
  const fields = Object.entries(event).map(([field, value]) => [renames[field] ?? field, value]);
  return { ...Object.fromEntries(fields), apiVersion };
}

/** An event lives where its object does; those of cluster-scoped objects live in the namespace default. */
function namespaceErrors(event: JsonObject, field: string): readonly FieldError[] {
  const home = textAt(event, "metadata", "namespace");
  const regarding = textAt(event, field, "namespace");
  const fits = regarding === "" ? home === "default" || home === "" || home === "kube-system" : regarding === home;
  return fits ? [] : [invalid(`${field}.namespace`, regarding, "does not match event.namespace")];
}

function columnsOf(toCore: (event: JsonObject) => JsonObject): KindDefinition["columns"] {
  const read =
    (path: string) =>
    (event: JsonObject): string =>
      textAt(toCore(event), ...path.split("."));
  return [
    column("Last Seen", "Time since it happened last.", (event, now) => ageOf(lastSeen(toCore(event)), now)),
    column("Type", "Normal or Warning.", read("type")),
    column("Reason", "Why, in one word.", read("reason")),
    column("Object", "What it happened to.", (event) => objectText(objectAt(toCore(event), "involvedObject"))),
    wideColumn("Subobject", "The part of it that is meant.", read("involvedObject.fieldPath")),
    wideColumn("Source", "Who reports it.", (event) => sourceText(toCore(event))),
    column("Message", "What happened.", (event) => read("message")(event).trim()),
    wideColumn("First Seen", "Time since it happened first.", (event, now) => ageOf(firstSeen(toCore(event)), now)),
    wideColumn("Count", "How often it happened.", (event) => countOf(toCore(event))),
    { ...nameColumn, priority: 1 },
  ];
}

const firstSeen = (event: JsonObject) => event.firstTimestamp ?? event.eventTime;

const lastSeen = (event: JsonObject) =>
  at(event, "series", "lastObservedTime") ?? event.lastTimestamp ?? firstSeen(event);

const countOf = (event: JsonObject) => Number(at(event, "series", "count") ?? event.count ?? 1);

const objectText = (reference: JsonObject) =>
  [textAt(reference, "kind").toLowerCase(), textAt(reference, "name")].filter((part) => part !== "").join("/");

function sourceText(event: JsonObject): string {
  const component = textAt(event, "source", "component") || textAt(event, "reportingComponent");
  const host = textAt(event, "source", "host") || textAt(event, "reportingInstance");
  return host ? `${component}, ${host}` : component;
}
