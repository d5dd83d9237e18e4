import type { Socket } from "node:net";
import type { NbdDevice } from "./device.ts";
import {
  encodeOptionReply,
  exportFlag,
  handshakeFlag,
  infoType,
  initMagic,
  option,
  optionLimitBytes,
  optionMagic,
  optionReply,
  payloadLimitBytes,
} from "./wire.ts";

/** Nobody haggles this long; a client that sends options for ever is cut off. */
const optionsLimit = 100;

/**
 * The server's side of the handshake: answers options until the client chose the export.
 *
 * @returns true if requests follow; false if the client left or cannot be followed
 */
export function* serveHandshake(
  socket: Socket,
  exportName: string,
  device: NbdDevice,
): Generator<number, boolean, Buffer> {
  const hello = Buffer.alloc(18);
  initMagic.copy(hello);
  optionMagic.copy(hello, 8);
  hello.writeUInt16BE(handshakeFlag.fixedNewstyle | handshakeFlag.noZeroes, 16);
  socket.write(hello);
  const clientFlags = (yield 4).readUInt32BE(0);
  if ((clientFlags & ~(handshakeFlag.fixedNewstyle | handshakeFlag.noZeroes)) !== 0) return false;
  const zeroes = (clientFlags & handshakeFlag.noZeroes) === 0;

  for (let count = 0; count < optionsLimit; count++) {
    const header = yield 16;
    if (!header.subarray(0, 8).equals(optionMagic)) return false;
    const code = header.readUInt32BE(8);
    const length = header.readUInt32BE(12);
    if (length > optionLimitBytes) return false; // reading on only to throw it away would cost us, not the client
    const data = yield length;
    const next = answer({ code, data, exportName, device, zeroes }, socket);
    if (next !== "go on") return next === "transmit";
  }
  return false;
}

interface Option {
  readonly code: number;
  readonly data: Buffer;
  readonly exportName: string;
  readonly device: NbdDevice;
  readonly zeroes: boolean;
}
type Next = "go on" | "transmit" | "leave";

function answer(asked: Option, socket: Socket): Next {
  const reply = (type: number, data: Buffer = Buffer.alloc(0)) =>
    void socket.write(encodeOptionReply(asked.code, type, data));
  switch (asked.code) {
    case option.exportName:
      return answerExportName(asked, socket);
    case option.abort:
      reply(optionReply.ack);
      return "leave";
    case option.list:
      if (asked.data.length > 0) reply(optionReply.invalid, Buffer.from("LIST takes no data"));
      else {
        reply(optionReply.server, lengthPrefixed(asked.exportName));
        reply(optionReply.ack);
      }
      return "go on";
    case option.info:
    case option.go:
      return answerGo(asked, reply);
    default:
      reply(optionReply.unsupported, Buffer.from(`option ${asked.code} is not supported`));
      return "go on";
  }
}

/** The old way to choose an export has no way to refuse but to hang up. */
function answerExportName(asked: Option, socket: Socket): Next {
  if (!isExport(asked, asked.data.toString("utf8"))) return "leave";
  const answerBytes = Buffer.alloc(10 + (asked.zeroes ? 124 : 0));
  answerBytes.writeBigUInt64BE(BigInt(asked.device.sizeBytes()), 0);
  answerBytes.writeUInt16BE(flagsOf(asked.device), 8);
  socket.write(answerBytes);
  return "transmit";
}

function answerGo(asked: Option, reply: (type: number, data?: Buffer) => void): Next {
  const name = parseGo(asked.data);
  if (name === undefined) reply(optionReply.invalid, Buffer.from("lengths inside the option do not add up"));
  else if (!isExport(asked, name))
    reply(optionReply.unknown, Buffer.from(`there is no export ${JSON.stringify(name)}`));
  else {
    reply(optionReply.info, exportInfo(asked.device));
    reply(optionReply.info, blockSizeInfo());
    reply(optionReply.ack);
    if (asked.code === option.go) return "transmit";
  }
  return "go on";
}

/** The export's name in an INFO or GO option, or undefined if the option is malformed. */
function parseGo(data: Buffer): string | undefined {
  if (data.length < 6) return undefined;
  const nameLength = data.readUInt32BE(0);
  if (nameLength > data.length - 6) return undefined;
  const requests = data.readUInt16BE(4 + nameLength);
  if (data.length !== 6 + nameLength + 2 * requests) return undefined;
  return data.toString("utf8", 4, 4 + nameLength);
}

const isExport = (asked: Option, name: string) => name === "" || name === asked.exportName;

function exportInfo(device: NbdDevice): Buffer {
  const info = Buffer.alloc(12);
  info.writeUInt16BE(infoType.export, 0);
  info.writeBigUInt64BE(BigInt(device.sizeBytes()), 2);
  info.writeUInt16BE(flagsOf(device), 10);
  return info;
}

/** Any byte range works; 4 KiB is what the page cache below us likes. */
function blockSizeInfo(): Buffer {
  const info = Buffer.alloc(14);
  info.writeUInt16BE(infoType.blockSize, 0);
  info.writeUInt32BE(1, 2);
  info.writeUInt32BE(4096, 6);
  info.writeUInt32BE(payloadLimitBytes, 10);
  return info;
}

function flagsOf(device: NbdDevice): number {
  const always = exportFlag.hasFlags | exportFlag.sendFlush | exportFlag.sendFua | exportFlag.canMultiConn;
  return always | (device.readOnly ? exportFlag.readOnly : exportFlag.sendTrim | exportFlag.sendWriteZeroes);
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
