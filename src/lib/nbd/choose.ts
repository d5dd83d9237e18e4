import type { Socket } from "node:net";
import { Failure } from "../failure.ts";
import {
  encodeOption,
  handshakeFlag,
  infoType,
  initMagic,
  isOptionError,
  option,
  optionLimitBytes,
  optionMagic,
  optionReply,
  optionReplyMagic,
} from "./wire.ts";

/** What the server told about the export that was chosen. */
export interface Export {
  readonly sizeBytes: number;
  readonly flags: number;
}

/** More answers to one option than any server has to give. */
const repliesLimit = 100;

/**
 * The client's side of the handshake: GO, or EXPORT_NAME where the server does not know GO.
 *
 * @throws Failure "unimplemented" if it is no fixed newstyle server; "notFound" if it refuses the export
 */
export function* chooseExport(socket: Socket, exportName: string): Generator<number, Export, Buffer> {
  const hello = yield 18;
  const isNewstyle = hello.subarray(0, 8).equals(initMagic) && hello.subarray(8, 16).equals(optionMagic);
  const serverFlags = hello.readUInt16BE(16);
  if (!isNewstyle || (serverFlags & handshakeFlag.fixedNewstyle) === 0)
    throw new Failure("unimplemented", "the server does not speak NBD's fixed newstyle handshake");
  const flags = Buffer.alloc(4);
  const noZeroes = serverFlags & handshakeFlag.noZeroes;
  flags.writeUInt32BE(handshakeFlag.fixedNewstyle | noZeroes);
  const name = Buffer.from(exportName, "utf8");
  socket.write(flags);
  socket.write(encodeOption(option.go, goData(name)));
  const found = yield* goAnswer(exportName);
  if (found !== "unsupported") return found;
  socket.write(encodeOption(option.exportName, name));
  const answer = yield 10 + (noZeroes === 0 ? 124 : 0);
  return { sizeBytes: sizeOf(answer.readBigUInt64BE(0)), flags: answer.readUInt16BE(8) };
}

function goData(name: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return Buffer.concat([length, name, Buffer.alloc(2)]);
}

function* goAnswer(exportName: string): Generator<number, Export | "unsupported", Buffer> {
  let found: Export | undefined;
  for (let count = 0; count < repliesLimit; count++) {
    const header = yield 20;
    const type = header.readUInt32BE(12);
    const length = header.readUInt32BE(16);
    if (header.readBigUInt64BE(0) !== optionReplyMagic || length > optionLimitBytes)
      throw new Failure("internal", "the server's answer in the handshake is malformed");
    const data = yield length;
    if (type === optionReply.unsupported) return "unsupported";
    if (isOptionError(type))
      throw new Failure(
        "notFound",
        `the server refused export ${JSON.stringify(exportName)}: ${data.toString("utf8")}`,
      );
    if (type === optionReply.info && data.length >= 12 && data.readUInt16BE(0) === infoType.export)
      found = { sizeBytes: sizeOf(data.readBigUInt64BE(2)), flags: data.readUInt16BE(10) };
    if (type === optionReply.ack && found !== undefined) return found;
  }
  throw new Failure("internal", "the server's answer in the handshake has no end");
}

function sizeOf(size: bigint): number {
  if (size > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Failure("unimplemented", `the export has ${size} bytes; more than 2^53 are not supported`);
  return Number(size);
}
