import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Json, JsonObject } from "../../lib/json.ts";
import { jsonForms } from "./json-forms.ts";
import { innerOf } from "./read.ts";
import { scalars } from "./scalars.ts";
import type { Field, Message } from "./table.ts";

/**
 * Writes the fields of an object's message.
 *
 * What the message cannot hold is left out: some parts of the built-in kinds are kept as they come (what a pod's containers
 * may do, for example), so a field there may be of another type than its message has.
 */
export function writeMessage(writer: BinaryWriter, message: Message, object: JsonObject): BinaryWriter {
  for (const field of message.fields) writeField(writer, field, field.form === "spread" ? object : object[field.name]);
  return writer;
}

function writeField(writer: BinaryWriter, field: Field, value: Json | undefined): void {
  if (value === undefined || value === null) return;
  if (field.form === "list") {
    if (Array.isArray(value)) for (const item of value as readonly Json[]) writeValue(writer, field, item);
  } else if (field.form === "map") {
    if (typeof value === "object") writeMap(writer, field, value as JsonObject); // of a list, its indexes are keys
  } else {
    writeValue(writer, field, value);
  }
}

/** A map is a list of messages with key and value. */
function writeMap(writer: BinaryWriter, field: Field, map: JsonObject): void {
  for (const [key, value] of Object.entries(map)) {
    if (value === undefined) continue;
    writer.tag(field.number, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(key);
    writeValue(writer, { ...field, number: 2 }, value);
    writer.join();
  }
}

function writeValue(writer: BinaryWriter, field: Field, value: Json): void {
  const scalar = scalars[field.type];
  if (scalar) {
    if (scalar.fits(value)) scalar.write(writer.tag(field.number, scalar.wire), value);
    return;
  }
  const form = jsonForms[field.type];
  const object = form ? form.unfold(value) : value;
  if (typeof object !== "object" || object === null || Array.isArray(object)) return;
  writer.tag(field.number, WireType.LengthDelimited).fork();
  writeMessage(writer, innerOf(field), object as JsonObject); // neither a scalar nor an array
  writer.join();
}
