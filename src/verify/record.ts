import { createHash } from "node:crypto";
import { Failure } from "../lib/failure.ts";

/** One slot: a record, or the header of a volume. A block of every filesystem and device we know, so no slot shares one. */
export const slotBytes = 4096;

/** Says which run wrote on the volume, and how it laid things out. */
export interface Header {
  readonly kind: "header";
  readonly runId: string;
  /** Which of the run's volumes this is. */
  readonly volume: number;
  readonly volumes: number;
  readonly writers: number;
  readonly slots: number;
}

export interface OrderRecord {
  readonly kind: "record";
  readonly runId: string;
  readonly writer: number;
  /** From 1. */
  readonly number: number;
}

/** What a slot holds. `torn` is neither zeros nor anything with a right checksum: half a write, or somebody's data. */
export type Slot = Header | OrderRecord | { readonly kind: "blank" } | { readonly kind: "torn" };

// Offsets in a slot: magic, run id, five numbers of 8 bytes, filler that differs from record to record, checksum.
const magic = Buffer.from("GSORDER1", "latin1");
const runOffset = 8;
const numbersOffset = 24;
const fillerOffset = 64;
const checksumBytes = 32;
const checksumOffset = slotBytes - checksumBytes;
const kinds = { header: 1, record: 2 } as const;
const zeros = Buffer.alloc(slotBytes);

export function encodeHeader(header: Omit<Header, "kind">): Buffer {
  return encode(header.runId, [kinds.header, header.volume, header.volumes, header.writers, header.slots]);
}

export function encodeRecord(record: Omit<OrderRecord, "kind">): Buffer {
  return encode(record.runId, [kinds.record, record.writer, record.number]);
}

/** @param runId a UUID @throws Failure "invalid" for anything else */
function encode(runId: string, numbers: readonly number[]): Buffer {
  const data = Buffer.alloc(slotBytes);
  magic.copy(data);
  bytesOfUuid(runId).copy(data, runOffset);
  for (const [i, number] of numbers.entries()) data.writeBigUInt64LE(BigInt(number), numbersOffset + 8 * i);
  data.fill(checksumOf(data.subarray(0, fillerOffset)), fillerOffset, checksumOffset);
  checksumOf(data.subarray(0, checksumOffset)).copy(data, checksumOffset);
  return data;
}

export function decodeSlot(data: Buffer): Slot {
  if (data.equals(zeros)) return { kind: "blank" };
  const isWhole =
    data.subarray(0, magic.length).equals(magic) &&
    data.subarray(checksumOffset).equals(checksumOf(data.subarray(0, checksumOffset)));
  if (!isWhole) return { kind: "torn" };
  const runId = uuidOfBytes(data.subarray(runOffset, numbersOffset));
  const numberAt = (i: number) => Number(data.readBigUInt64LE(numbersOffset + 8 * i));
  if (numberAt(0) === kinds.record) return { kind: "record", runId, writer: numberAt(1), number: numberAt(2) };
  const [volume, volumes, writers, slots] = [numberAt(1), numberAt(2), numberAt(3), numberAt(4)];
  return { kind: "header", runId, volume, volumes, writers, slots };
}

const checksumOf = (data: Buffer) => createHash("sha256").update(data).digest();

function bytesOfUuid(uuid: string): Buffer {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid))
    throw new Failure("invalid", `the run id of an order test is a UUID, not "${uuid}"`);
  return Buffer.from(uuid.replaceAll("-", ""), "hex");
}

function uuidOfBytes(bytes: Buffer): string {
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
