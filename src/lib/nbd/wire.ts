/**
 * The network block device protocol, as both sides here speak it: fixed newstyle handshake, simple replies.
 *
 * All integers are big-endian. Names are those of the protocol's own text, without the NBD_ prefix.
 *
 * @see https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
 */
export const initMagic = Buffer.from("NBDMAGIC", "latin1");
export const optionMagic = Buffer.from("IHAVEOPT", "latin1");
export const optionReplyMagic = 0x3e889045565a9n;
const requestMagic = 0x25609513;
export const replyMagic = 0x67446698;

/** Server's and client's handshake flags have the same values. */
export const handshakeFlag = { fixedNewstyle: 1, noZeroes: 2 } as const;

export const option = { exportName: 1, abort: 2, list: 3, info: 6, go: 7 } as const;

const optionError = 0x80000000;
export const optionReply = {
  ack: 1,
  server: 2,
  info: 3,
  unsupported: optionError + 1,
  invalid: optionError + 3,
  unknown: optionError + 6,
  tooBig: optionError + 9,
} as const;
export const isOptionError = (type: number) => type >= optionError;

export const infoType = { export: 0, blockSize: 3 } as const;

export const exportFlag = {
  hasFlags: 1,
  readOnly: 1 << 1,
  sendFlush: 1 << 2,
  sendFua: 1 << 3,
  sendTrim: 1 << 5,
  sendWriteZeroes: 1 << 6,
  canMultiConn: 1 << 8,
} as const;

export const command = { read: 0, write: 1, disconnect: 2, flush: 3, trim: 4, writeZeroes: 6 } as const;

export const commandFlag = { fua: 1, noHole: 1 << 1 } as const;

/** Error numbers of replies; the protocol fixes their values on every system. */
export const replyError = {
  none: 0,
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ESHUTDOWN: 108,
} as const;

/** The most that one read or write may carry: what the protocol lets a client assume without asking. */
export const payloadLimitBytes = 32 << 20;
/** An export's name may have 4,096 bytes; with it and a handful of information requests no honest option is longer. */
export const optionLimitBytes = 16 << 10;

export const requestHeaderBytes = 28;
export const replyHeaderBytes = 16;

export interface Request {
  readonly flags: number;
  readonly type: number;
  readonly cookie: bigint;
  readonly offset: bigint;
  readonly length: number;
}

export function encodeRequest(request: Request): Buffer {
  const header = Buffer.allocUnsafe(requestHeaderBytes);
  header.writeUInt32BE(requestMagic, 0);
  header.writeUInt16BE(request.flags, 4);
  header.writeUInt16BE(request.type, 6);
  header.writeBigUInt64BE(request.cookie, 8);
  header.writeBigUInt64BE(request.offset, 16);
  header.writeUInt32BE(request.length, 24);
  return header;
}

/** The request in a header, or undefined if its magic is wrong and the stream can no longer be followed. */
export function decodeRequest(header: Buffer): Request | undefined {
  if (header.readUInt32BE(0) !== requestMagic) return undefined;
  return {
    flags: header.readUInt16BE(4),
    type: header.readUInt16BE(6),
    cookie: header.readBigUInt64BE(8),
    offset: header.readBigUInt64BE(16),
    length: header.readUInt32BE(24),
  };
}

export function encodeReply(cookie: bigint, error: number): Buffer {
  const header = Buffer.allocUnsafe(replyHeaderBytes);
  header.writeUInt32BE(replyMagic, 0);
  header.writeUInt32BE(error, 4);
  header.writeBigUInt64BE(cookie, 8);
  return header;
}

export function encodeOption(code: number, data: Buffer): Buffer {
  const header = Buffer.allocUnsafe(16);
  optionMagic.copy(header);
  header.writeUInt32BE(code, 8);
  header.writeUInt32BE(data.length, 12);
  return Buffer.concat([header, data]);
}

export function encodeOptionReply(code: number, type: number, data: Buffer): Buffer {
  const header = Buffer.allocUnsafe(20);
  header.writeBigUInt64BE(optionReplyMagic, 0);
  header.writeUInt32BE(code, 8);
  header.writeUInt32BE(type, 12);
  header.writeUInt32BE(data.length, 16);
  return Buffer.concat([header, data]);
}
