import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NbdDevice } from "./device.ts";
import { listenNbd, type NbdServer } from "./server.ts";
import { encodeOption, option } from "./wire.ts";

export const sizeBytes = 1 << 20;

/** A served device in memory, in a throw-away folder. */
export interface ServedDevice {
  readonly folder: string;
  readonly path: string;
  readonly device: NbdDevice & { readonly bytes: Buffer; readonly calls: string[] };
  server: NbdServer;
  close(): Promise<void>;
}

export async function aServedDevice(): Promise<ServedDevice> {
  const folder = await mkdtemp(join(tmpdir(), "nbd-"));
  const path = join(folder, "s");
  const device = inMemory();
  const served = {
    folder,
    path,
    device,
    server: await listenNbd({ path, exportName: "vol-1", device }),
    async close() {
      await served.server.close();
      await rm(folder, { recursive: true });
    },
  };
  return served;
}

function inMemory() {
  const bytes = Buffer.alloc(sizeBytes);
  const calls: string[] = [];
  return {
    bytes,
    calls,
    sizeBytes: () => sizeBytes,
    readOnly: false,
    read: async (offset: number, length: number) => Buffer.from(bytes.subarray(offset, offset + length)),
    write: async (offset: number, data: Buffer, fua: boolean) => {
      data.copy(bytes, offset);
      calls.push(`write ${offset}+${data.length}${fua ? " fua" : ""}`);
    },
    flush: async () => void calls.push("flush"),
    trim: async (offset: number, length: number) => void calls.push(`trim ${offset}+${length}`),
    writeZeroes: async (offset: number, length: number) => void bytes.fill(0, offset, offset + length),
  };
}

export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

export const aWrite = (to: { readonly length: number }) => ({ type: 1, flags: 0, cookie: 1n, offset: 0n, ...to });

export function optionHeader(code: number, length: number): Buffer {
  const header = encodeOption(code, Buffer.alloc(0));
  header.writeUInt32BE(length, 12);
  return header;
}

export function hello(...options: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([0, 0, 0, 3]), ...options]);
}

/** A peer that can send anything, and takes what comes back byte by byte. */
export async function dial(to: string) {
  const socket = connect(to);
  let got = Buffer.alloc(0);
  let wake = () => {};
  socket.on("data", (chunk) => {
    got = Buffer.concat([got, chunk]);
    wake();
  });
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const take = async (length: number) => {
    while (got.length < length) await new Promise<void>((resolve) => (wake = resolve));
    const taken = got.subarray(0, length);
    got = got.subarray(length);
    return taken;
  };
  const optionReply = async () => {
    const header = await take(20);
    return { type: header.readUInt32BE(12), data: await take(header.readUInt32BE(16)) };
  };
  return { socket, closed, take, optionReply };
}

export async function rawTransmission(to: string) {
  const raw = await dial(to);
  raw.socket.write(hello(encodeOption(option.exportName, Buffer.alloc(0))));
  await raw.take(18 + 10);
  return raw;
}
