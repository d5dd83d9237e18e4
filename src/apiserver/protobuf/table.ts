import { admissionregistration } from "./messages/admissionregistration.ts";
import { apiextensions } from "./messages/apiextensions.ts";
import { apps } from "./messages/apps.ts";
import { authentication } from "./messages/authentication.ts";
import { authorization } from "./messages/authorization.ts";
import { autoscaling } from "./messages/autoscaling.ts";
import { coordination } from "./messages/coordination.ts";
import { core } from "./messages/core.ts";
import { events } from "./messages/events.ts";
import { meta } from "./messages/meta.ts";
import { pod } from "./messages/pod.ts";
import { rbac } from "./messages/rbac.ts";
import { storage } from "./messages/storage.ts";

/**
 * Which number each field of a kind has in Kubernetes' protobuf messages. Notation, a message a line, indented lines go on:
 *
 *     Message name=1 count=2:int64 labels=3:{string} parts=4:[Part] size?=5:int32 ...=6:Inner
 *
 * Names are those of the JSON form. `:type` is a scalar or a message, string if left out; [type] is a list, {type} a map by
 * strings. A scalar is shown in JSON unless it is zero; with `?`, whenever it was sent, zero or not. `...` spreads the
 * fields of the inner message into the outer one's JSON. Messages are looked for in their own group, core, and meta.
 */
export interface Message {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly byNumber: ReadonlyMap<number, Field>;
}

export interface Field {
  readonly name: string;
  readonly number: number;
  readonly form: "one" | "list" | "map" | "spread";
  readonly type: string;
  readonly shownWhenZero: boolean;
  /** The group in which `type` is looked for first. */
  readonly group: string;
}

/** The tables by API group; what all share stands under meta. */
const texts: Readonly<Record<string, readonly string[]>> = {
  meta: [meta],
  "": [core, pod],
  "admissionregistration.k8s.io": [admissionregistration],
  "apiextensions.k8s.io": [apiextensions],
  apps: [apps],
  "authentication.k8s.io": [authentication],
  "authorization.k8s.io": [authorization],
  autoscaling: [autoscaling],
  "coordination.k8s.io": [coordination],
  "events.k8s.io": [events],
  "rbac.authorization.k8s.io": [rbac],
  "storage.k8s.io": [storage],
};

export const groups: readonly string[] = Object.keys(texts);

const parsed = new Map<string, ReadonlyMap<string, Message>>();

/** The messages of one group, by name; read when first asked for. */
export function messagesOf(group: string): ReadonlyMap<string, Message> {
  const known = parsed.get(group);
  if (known) return known;
  const rows = (texts[group] ?? []).flatMap((text) => text.trim().replaceAll("\n  ", " ").split("\n"));
  const messages = new Map(rows.map((row) => parseRow(row, group)).map((message) => [message.name, message]));
  if (texts[group]) parsed.set(group, messages); // a name that a client made up is not kept
  return messages;
}

/** The message `name` as a field of a message of `group` means it. */
export function findMessage(group: string, name: string): Message | undefined {
  return messagesOf(group).get(name) ?? messagesOf("").get(name) ?? messagesOf("meta").get(name);
}

/** Sent to and by every group under the group's own name. */
const everywhere = ["Status", "DeleteOptions", "PartialObjectMetadata"];

/** The message of a kind, or of a list of a kind; undefined for kinds that have none, as custom ones. */
export function findKind(apiVersion: string, kind: string): Message | undefined {
  const [group = "", version] = apiVersion.includes("/") ? apiVersion.split("/", 2) : ["", apiVersion];
  if (everywhere.includes(kind)) return messagesOf("meta").get(kind);
  if (group === "meta.k8s.io" && kind === "PartialObjectMetadataList") return listOf("PartialObjectMetadata", "meta");
  if (version !== "v1" || group === "meta") return undefined;
  const own = messagesOf(group).get(kind);
  if (own) return isKind(own) ? own : undefined;
  const item = kind.endsWith("List") ? messagesOf(group).get(kind.slice(0, -"List".length)) : undefined;
  return item && isKind(item) ? listOf(item.name, group) : undefined;
}

const isKind = ({ fields: [first] }: Message) => first?.type === "ObjectMeta" && first.number === 1;

const listOf = (item: string, group: string) => parseRow(`${item}List metadata=1:ListMeta items=2:[${item}]`, group);

const entry = /^([^=?]+)(\??)=(\d+)(?::([[{]?)(\w+)[\]}]?)?$/;
const forms: Readonly<Record<string, Field["form"]>> = { "[": "list", "{": "map" };

function parseRow(row: string, group: string): Message {
  const [name = "", ...entries] = row.split(/ +/);
  const fields = entries.map((text) => parseField(text, group));
  return { name, fields, byNumber: new Map(fields.map((field) => [field.number, field])) };
}

function parseField(text: string, group: string): Field {
  const [, name = "", mark, number, bracket = "", type = "string"] = entry.exec(text) ?? [];
  const form = name === "..." ? "spread" : (forms[bracket] ?? "one");
  return { name, number: Number(number), form, type, shownWhenZero: mark === "?", group };
}
