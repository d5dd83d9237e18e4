import { type DescMessage, getOption, hasOption, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import { csi_secret } from "./gen/csi_pb.js";

const hidden = "***";

/** The message as JSON for a log, with the values of its secrets replaced. */
export function withoutSecrets(schema: DescMessage, message: Message): JsonValue {
  const json = toJson(schema, message);
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  const secretNames = new Set(secretFields(schema).map((field) => field.jsonName));
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, secretNames.has(name) ? hidden : value]),
  );
}

/** The text with every secret value of the message taken out: a driver may repeat what it was given. */
export function scrub(text: string, schema: DescMessage, message: Message): string {
  return secretValues(schema, message).reduce((rest, value) => rest.replaceAll(value, hidden), text);
}

function secretValues(schema: DescMessage, message: Message): readonly string[] {
  const fields = message as unknown as Readonly<Record<string, unknown>>; // a message has its fields as properties
  return secretFields(schema)
    .flatMap((field) => Object.values(fields[field.localName] ?? {}))
    .filter((value): value is string => typeof value === "string" && value !== "");
}

function secretFields(schema: DescMessage) {
  return schema.fields.filter((field) => hasOption(field, csi_secret) && getOption(field, csi_secret));
}
