import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../lib/json.ts";
import { builtInKinds } from "../kinds/built-in.ts";
import type { Schema } from "../schema/schema.ts";
import { jsonForms } from "./json-forms.ts";
import { innerOf, readMessage } from "./read.ts";
import { scalars } from "./scalars.ts";
import { type Field, findKind, findMessage, groups, type Message, messagesOf } from "./table.ts";
import { writeMessage } from "./write.ts";

const rows = groups.flatMap((group) =>
  [...messagesOf(group).values()].map((message): readonly [string, Message] => [`${group}/${message.name}`, message]),
);

/** Values of each type as the reader shows them: what is zero is left out where the table says so. */
const shown: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  string: fc.string({ unit: "grapheme" }),
  bytes: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  bool: fc.boolean(),
  int32: fc.integer(),
  int64: fc
    .bigInt(-(2n ** 63n), 2n ** 63n - 1n)
    .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value)),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0 || 0),
  Time: fc.integer({ min: -62135596800, max: 253402300799 }).map((seconds) => time(seconds)),
  MicroTime: fc
    .tuple(fc.integer({ min: 0, max: 253402300799 }), fc.integer({ min: 0, max: 999_999 }))
    .map(([seconds, micros]) => time(seconds).replace("Z", `.${String(micros).padStart(6, "0")}Z`)),
  Quantity: fc.constantFrom("0", "1Gi", "100m", "1e9"),
  IntOrString: fc.oneof(fc.integer(), fc.string()),
  ExtraValue: fc.array(fc.string(), { maxLength: 3 }),
  FieldsV1: fc.constantFrom<Json>({ "f:data": { "f:a": {} } }, {}),
  JSON: fc.constantFrom<Json>(0, "a", false, [1, null], { a: 9007199254740993n }),
};

const time = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;

function anyValue(field: Field, depth: number): fc.Arbitrary<Json> {
  const known = shown[field.type];
  if (known) return known;
  if (field.type === "JSONSchemaPropsOrArray")
    return fc.oneof(objectOf(props, depth + 1), fc.array(objectOf(props, depth + 1), { minLength: 1, maxLength: 2 }));
  if (field.type === "JSONSchemaPropsOrBool") return fc.oneof(objectOf(props, depth + 1), fc.boolean());
  if (field.type === "JSONSchemaPropsOrStringArray")
    return fc.oneof(objectOf(props, depth + 1), fc.array(fc.string(), { minLength: 1, maxLength: 2 }));
  return objectOf(innerOf(field), depth + 1);
}

const props = findMessage("apiextensions.k8s.io", "JSONSchemaProps") as Message; // a row of the table

/** Few fields at once, fewer the deeper: messages hold themselves. */
function objectOf(message: Message, depth = 0): fc.Arbitrary<JsonObject> {
  const fields = depth > 3 ? [] : message.fields;
  if (fields.length === 0) return fc.constant({});
  return fc
    .subarray([...fields], { maxLength: Math.min(fields.length, depth === 0 ? 99 : 2) })
    .chain((some) => fc.tuple(...some.map((field) => entriesOf(field, depth))))
    .map((entries) => Object.fromEntries(entries.flat()));
}

function entriesOf(field: Field, depth: number): fc.Arbitrary<readonly (readonly [string, Json])[]> {
  if (field.form === "spread")
    return objectOf(innerOf(field), depth).map((object) => Object.entries(object) as [string, Json][]); // made above
  const one = anyValue(field, depth);
  const formed =
    field.form === "list"
      ? fc.array(one, { minLength: 1, maxLength: 3 })
      : field.form === "map"
        ? fc.dictionary(fc.string(), one, { minKeys: 1, maxKeys: 3, noNullPrototype: true })
        : one;
  const isLeftOut = (value: Json) =>
    field.form === "one" && !field.shownWhenZero && value === scalars[field.type]?.zero;
  return formed.map((value) => (isLeftOut(value) ? [] : [[field.name, value]]));
}

describe("the tables of messages", () => {
  const objects = rows.filter(([, { name }]) => !jsonForms[name]); // the others are met as fields of these
  test.each(objects)("%s is the same object after it was written and read", (_name, message) => {
    fc.assert(
      fc.property(objectOf(message), (object) => {
        const bytes = writeMessage(new BinaryWriter(), message, object).finish();
        expect(readMessage(bytes, message)).toEqual(object);
      }),
      { numRuns: 15 },
    );
  });

  test.each(rows)("%s gives each number to one field, and every field a type that is known", (_name, message) => {
    expect(message.byNumber.size).toBe(message.fields.length);
    expect(message.fields.filter(({ number }) => !Number.isInteger(number))).toEqual([]);
    expect(message.fields.filter((field) => !scalars[field.type] && !findMessage(field.group, field.type))).toEqual([]);
  });

  test.each(builtInKinds().map((kind) => [`${kind.group}/${kind.kind}`, kind] as const))(
    "every field of the schema of %s is a field of its message",
    (_name, kind) => {
      const apiVersion = kind.group ? `${kind.group}/${kind.version}` : kind.version;
      const message = findKind(apiVersion, kind.kind);
      expect(message?.name).toBe(kind.kind);
      expect(findKind(apiVersion, kind.listKind)?.name).toBe(kind.listKind);
      const { apiVersion: _version, kind: _kind, ...properties } = (kind.schema as Schema).properties ?? {};
      const unknown = unknownFields({ properties }, message as Message, "");
      expect(unknown.filter((path) => !knownInSomeOnly.test(path))).toEqual([]);
    },
  );
});

/** Schemas that several kinds share have the fields of all of them. A claim in a stateful set has no type in protobuf. */
const knownInSomeOnly =
  /\.conditions\.(last\w+Time|observedGeneration)$|\.targetContainerName$|\.volumeClaimTemplates\.(apiVersion|kind)$/;

/** Fields that a schema has and a message has not. */
function unknownFields(schema: Schema, message: Message, path: string): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const field = fieldOf(message, name);
    if (!field) return [`${path}.${name}`];
    if (scalars[field.type] || jsonForms[field.type]) return [];
    const part = (inner.items ?? inner.additionalProperties ?? inner) as Schema;
    return unknownFields(part, innerOf(field), `${path}.${name}`);
  });
}

function fieldOf(message: Message, name: string): Field | undefined {
  const own = message.fields.find((field) => field.name === name);
  if (own) return own;
  const spreads = message.fields.filter(({ form }) => form === "spread");
  return spreads.map((field) => fieldOf(innerOf(field), name)).find((field) => field !== undefined);
}
