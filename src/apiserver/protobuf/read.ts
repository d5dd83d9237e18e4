import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { Json, JsonObject } from "../../lib/json.ts";
import { jsonForms } from "./json-forms.ts";
import { scalars } from "./scalars.ts";
import { type Field, findMessage, type Message } from "./table.ts";

/** Deeper than any object of Kubernetes, and what protobuf libraries allow by default. */
const depthLimit = 100;

/** The JSON form of one message. Fields that its table does not know are skipped. @throws Error for bytes that are none */
export function readMessage(bytes: Uint8Array, message: Message, depth = 0): JsonObject {
  return Object.fromEntries(fieldsOf(bytes, message, depth)); // defines properties: none of a client's names is special
}

type Values = Map<string, Json>;

function fieldsOf(bytes: Uint8Array, message: Message, depth: number): Values {
  if (depth > depthLimit) throw new RangeError(`it is nested more than ${depthLimit} messages deep`);
  const values: Values = new Map();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const field = message.byNumber.get(number);
    if (field) readField({ reader, wire, field, values, depth });
    else reader.skip(wire, number);
  }
  return values;
}

interface FieldRead {
  readonly reader: BinaryReader;
  readonly wire: WireType;
  readonly field: Field;
  readonly values: Values;
  readonly depth: number;
}

function readField({ reader, wire, field, values, depth }: FieldRead): void {
  const expected = field.form === "map" ? WireType.LengthDelimited : wireOf(field);
  if (wire !== expected && !(field.form === "list" && wire === WireType.LengthDelimited))
    throw new RangeError(`field ${field.name} (${field.number}) has wire type ${wire}, but must have ${expected}`);
  const known = values.get(field.name);
  switch (field.form) {
    case "one": {
      const value = readValue(reader, field, depth);
      if (isShown(value, field)) values.set(field.name, value);
      else values.delete(field.name);
      return;
    }
    case "list": {
      const items = (known ?? []) as Json[]; // made here
      if (wire === expected) items.push(readValue(reader, field, depth) ?? null);
      else readPacked(reader, field, items);
      values.set(field.name, items);
      return;
    }
    case "map": {
      const map = (known ?? {}) as Record<string, Json>; // made here
      const [key, value] = readEntry(reader.bytes(), field, depth);
      Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
      values.set(field.name, map);
      return;
    }
    case "spread":
      for (const [name, value] of fieldsOf(reader.bytes(), innerOf(field), depth + 1)) values.set(name, value);
  }
}

const isShown = (value: Json | undefined, field: Field): value is Json =>
  value !== undefined && (field.shownWhenZero || value !== scalars[field.type]?.zero);

const wireOf = ({ type }: Field) => scalars[type]?.wire ?? WireType.LengthDelimited;

export function innerOf({ group, type }: Field): Message {
  const message = findMessage(group, type);
  if (!message) throw new TypeError(`no table has a message ${type} for the group "${group}"`);
  return message;
}

function readValue(reader: BinaryReader, field: Field, depth: number): Json | undefined {
  const scalar = scalars[field.type];
  if (scalar) return scalar.read(reader);
  const message = readMessage(reader.bytes(), innerOf(field), depth + 1);
  const form = jsonForms[field.type];
  return form ? form.fold(message) : message;
}

/** Numbers may come one by one, or all in one. */
function readPacked(reader: BinaryReader, field: Field, items: Json[]): void {
  const inner = new BinaryReader(reader.bytes());
  while (inner.pos < inner.len) items.push(readValue(inner, field, 0) ?? null);
}

/** A map is a list of messages with key and value, both of which may be left out. */
function readEntry(bytes: Uint8Array, field: Field, depth: number): readonly [string, Json] {
  const reader = new BinaryReader(bytes);
  let key = "";
  let value: Json | undefined;
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (wire !== WireType.LengthDelimited || number > 2) reader.skip(wire, number);
    else if (number === 1) key = reader.string(true);
    else value = readValue(reader, field, depth + 1);
  }
  return [key, value ?? readValue(new BinaryReader(nothing), field, depth + 1) ?? null];
}

/** A string, bytes or message of no length. */
const nothing = new Uint8Array(1);
