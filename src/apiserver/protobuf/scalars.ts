import { type BinaryReader, type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Json, parseJson, stringifyJson } from "../../lib/json.ts";

/** A type of field that is no message: its place on the wire and its form in JSON. */
export interface Scalar {
  readonly wire: WireType;
  /** What is not shown in JSON unless the field says so. */
  readonly zero: Json | undefined;
  /** Undefined where nothing was sent. @throws RangeError, SyntaxError */
  read(reader: BinaryReader): Json | undefined;
  /** Whether a value of JSON can be sent as this. */
  fits(value: Json): boolean;
  /** Called with what fits. */
  write(writer: BinaryWriter, value: Json): void;
}

/** The whole numbers of JSON: bigints only where a number would lose digits. */
const isWhole = (value: Json) => typeof value === "bigint" || Number.isSafeInteger(value);

const fitsIn = (bits: number) => (value: Json) =>
  isWhole(value) && BigInt.asIntN(bits, BigInt(value as number | bigint)) === BigInt(value as number | bigint); // whole

const shortened = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

/** Bytes are base64 in JSON. */
const base64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

export const scalars: Readonly<Record<string, Scalar>> = {
  string: {
    wire: WireType.LengthDelimited,
    zero: "",
    read: (reader) => reader.string(true),
    fits: (value) => typeof value === "string",
    write: (writer, value) => writer.string(String(value)),
  },
  bytes: {
    wire: WireType.LengthDelimited,
    zero: "",
    read: (reader) => Buffer.from(reader.bytes()).toString("base64"),
    fits: (value) => typeof value === "string" && base64.test(value),
    write: (writer, value) => writer.bytes(Buffer.from(String(value), "base64")),
  },
  bool: {
    wire: WireType.Varint,
    zero: false,
    read: (reader) => reader.bool(),
    fits: (value) => typeof value === "boolean",
    write: (writer, value) => writer.bool(value === true),
  },
  int32: {
    wire: WireType.Varint,
    zero: 0,
    read: (reader) => reader.int32(),
    fits: fitsIn(32),
    write: (writer, value) => writer.int32(Number(value)),
  },
  int64: {
    wire: WireType.Varint,
    zero: 0,
    read: (reader) => shortened(BigInt(reader.int64())),
    fits: fitsIn(64),
    write: (writer, value) => writer.int64(BigInt(value as number | bigint)), // it fits
  },
  double: {
    wire: WireType.Bit64,
    zero: 0,
    read: (reader) => finite(reader.double()),
    fits: (value) => typeof value === "number" || typeof value === "bigint",
    write: (writer, value) => writer.double(Number(value)),
  },
  /** A JSON text within the message. */
  json: {
    wire: WireType.LengthDelimited,
    zero: undefined,
    read: (reader) => {
      const text = reader.string(true);
      return text === "" ? undefined : parseJson(text);
    },
    fits: () => true,
    write: (writer, value) => writer.string(stringifyJson(value)),
  },
};

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new RangeError(`${value} is no number of JSON`);
}
