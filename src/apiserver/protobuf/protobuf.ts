import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { assert } from "../../lib/assert.ts";
import type { JsonObject } from "../../lib/json.ts";
import { badRequest } from "../status.ts";
import { readMessage } from "./read.ts";
import { findKind } from "./table.ts";
import { writeMessage } from "./write.ts";

/**
 * Kubernetes' protobuf form of the built-in kinds, in which Go clients send them: four bytes that mark it, then an envelope
 * (runtime.Unknown) that names apiVersion and kind and holds the kind's own message.
 */
export const protobufType = "application/vnd.kubernetes.protobuf";

const mark = Buffer.from("k8s\0");
/** Field numbers of runtime.Unknown, and of the TypeMeta in it. */
const envelope = { typeMeta: 1, raw: 2, contentEncoding: 3, contentType: 4 };
const typeMeta = { apiVersion: 1, kind: 2 };

/** The JSON form of the object in a body. @throws Failure "invalid" for a body that holds none, or one of an unknown kind */
export function parseProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, mark.length).equals(mark))
    throw unreadable('it must begin with the bytes "k8s" and 0, followed by a runtime.Unknown');
  const { apiVersion, kind, raw } = reading(() => readEnvelope(body.subarray(mark.length)));
  const message = findKind(apiVersion, kind);
  if (!message) throw badRequest(`no kind "${kind}" of version "${apiVersion}" is known in protobuf: send it as JSON`);
  return { kind, apiVersion, ...reading(() => readMessage(raw, message)) };
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : String(error));
  }
}

const unreadable = (why: string) => badRequest(`the body of the request is not valid protobuf: ${why}`);

interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

function readEnvelope(bytes: Uint8Array): Envelope {
  const parts = readParts(bytes);
  const encoding = text(parts.get(envelope.contentEncoding));
  const type = text(parts.get(envelope.contentType));
  if (encoding !== "" || (type !== "" && type !== protobufType))
    throw new RangeError(`its content is of type "${type}" and encoding "${encoding}"`);
  const names = readParts(parts.get(envelope.typeMeta) ?? new Uint8Array());
  const raw = parts.get(envelope.raw) ?? new Uint8Array();
  return { apiVersion: text(names.get(typeMeta.apiVersion)), kind: text(names.get(typeMeta.kind)), raw };
}

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("utf8");

/** The strings, bytes and messages of a message, as they come. */
function readParts(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const reader = new BinaryReader(bytes);
  const parts = new Map<number, Uint8Array>();
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (wire === WireType.LengthDelimited) parts.set(number, reader.bytes());
    else reader.skip(wire, number);
  }
  return parts;
}

/** An object, a list or a Status in protobuf. Only for what `findKind` knows. */
export function protobufOf(object: JsonObject): Buffer {
  const { apiVersion, kind } = object;
  assert(typeof apiVersion === "string" && typeof kind === "string", "an object says of what kind it is");
  const message = findKind(apiVersion, kind);
  assert(message !== undefined, `protobuf is offered for kinds that have a message only, not for ${kind}`);
  const writer = new BinaryWriter();
  begin(writer, envelope.typeMeta).fork();
  begin(writer, typeMeta.apiVersion).string(apiVersion);
  begin(writer, typeMeta.kind).string(kind).join();
  begin(writer, envelope.raw).fork();
  writeMessage(writer, message, object).join();
  begin(writer, envelope.contentEncoding).string("");
  begin(writer, envelope.contentType).string("");
  return Buffer.concat([mark, writer.finish()]);
}

const begin = (writer: BinaryWriter, number: number) => writer.tag(number, WireType.LengthDelimited);

/** One event of a watch: a WatchEvent after its length in four bytes. */
export function protobufFrame(type: string, object: JsonObject): Buffer {
  const writer = new BinaryWriter();
  begin(writer, 1).string(type);
  begin(writer, 2).fork();
  begin(writer, 1).bytes(protobufOf(object)).join(); // a RawExtension
  const event = writer.finish();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}
