import { mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure } from "../failure.ts";
import { connectNbd, type NbdClient } from "./client.ts";
import type { NbdDevice } from "./device.ts";
import { listenNbd, type NbdServer } from "./server.ts";
import { encodeOption, encodeRequest, exportFlag, option, optionReplyMagic } from "./wire.ts";

const sizeBytes = 1 << 20;
const signal = new AbortController().signal;
let folder: string;
let path: string;
let device: NbdDevice & { readonly bytes: Buffer; readonly calls: string[] };
let server: NbdServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nbd-"));
  path = join(folder, "s");
  device = inMemory();
  server = await listenNbd({ path, exportName: "vol-1", device });
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

describe("client and server together", () => {
  test("a client learns the export's size and that it can flush, force, trim, zero and connect many times", async () => {
    const client = await connectNbd({ path, signal });
    expect(client.sizeBytes).toBe(sizeBytes);
    const { hasFlags, sendFlush, sendFua, sendTrim, sendWriteZeroes, canMultiConn } = exportFlag;
    expect(client.flags).toBe(hasFlags | sendFlush | sendFua | sendTrim | sendWriteZeroes | canMultiConn);
    await client.close();
  });

  test("any sequence of writes, zeroes and reads through the wire equals the same on a buffer", async () => {
    const client = await connectNbd({ path, signal, exportName: "vol-1" });
    const step = fc.record({
      offset: fc.nat(sizeBytes - 1),
      length: fc.integer({ min: 1, max: 200_000 }),
      fill: fc.nat(255),
      zero: fc.boolean(),
    });
    const model = Buffer.alloc(sizeBytes);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        for (const { offset, length, fill, zero } of steps) {
          const end = Math.min(sizeBytes, offset + length);
          model.fill(zero ? 0 : fill, offset, end);
          if (zero) await client.writeZeroes(offset, end - offset);
          else await client.write(offset, Buffer.alloc(end - offset, fill));
        }
        expect((await client.read(0, sizeBytes)).equals(model)).toBe(true);
      }),
      { numRuns: 20 },
    );
    await client.close();
  });

  test("answers come in the order in which the device finishes, not in the order of the requests", async () => {
    const client = await connectNbd({ path, signal });
    const held = gate();
    device.flush = () => held.opened;
    const order: string[] = [];
    const flush = client.flush().then(() => order.push("flush"));
    await client.read(0, 512).then(() => order.push("read"));
    held.open();
    await flush;
    expect(order).toEqual(["read", "flush"]);
    await client.close();
  });

  test("hundreds of requests at once over several connections are all answered", async () => {
    const clients = await Promise.all([1, 2, 3].map(() => connectNbd({ path, signal })));
    const writes = clients.flatMap((client, c) =>
      Array.from({ length: 400 }, (_, i) => client.write((c * 400 + i) * 512, Buffer.alloc(512, (c + i) % 251))),
    );
    await Promise.all(writes);
    expect(device.bytes[(400 + 7) * 512]).toBe(8);
    await Promise.all(clients.map((client) => client.close()));
  });

  test("a write with FUA reaches the device as one, and so does a flush", async () => {
    const client = await connectNbd({ path, signal });
    await client.write(4096, Buffer.alloc(4096, 1), { fua: true });
    await client.flush();
    await client.trim(0, 4096);
    expect(device.calls).toEqual(["write 4096+4096 fua", "flush", "trim 0+4096"]);
    await client.close();
  });

  test("closing a client waits for the answers to what it asked", async () => {
    const client = await connectNbd({ path, signal });
    const writing = client.write(0, Buffer.alloc(65_536, 9));
    await client.close();
    await writing;
    expect(device.bytes[0]).toBe(9);
    await expect(client.read(0, 1)).rejects.toMatchObject({ code: "unavailable" });
  });

  test("a path over 107 bytes works for a client when it is a link to a short one, and is refused for a server", async () => {
    const long = join(folder, "x".repeat(120));
    await symlink(path, long);
    const client = await connectNbd({ path: long, signal });
    await client.close();
    await expect(listenNbd({ path: `${long}y`, exportName: "e", device })).rejects.toThrow(/at most 107 bytes/);
  });

  test("the socket is for its owner only, and one left over by a dead process is replaced", async () => {
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const again = await listenNbd({ path: join(folder, "s"), exportName: "vol-1", device });
    const client = await connectNbd({ path, signal });
    await client.close();
    await again.close();
  });
});

describe("what the server refuses", () => {
  const refusals: readonly [string, (client: NbdClient) => Promise<unknown>, string][] = [
    ["a read over the end as invalid", (client) => client.read(sizeBytes - 1, 2), "invalid"],
    ["a write over the end as no space", (client) => client.write(sizeBytes, Buffer.alloc(1)), "exhausted"],
    ["a trim over the end as no space", (client) => client.trim(1, sizeBytes), "exhausted"],
    ["zeroes over the end as no space", (client) => client.writeZeroes(0, 0xffffffff), "exhausted"],
    ["an offset of 2^52 as no space", (client) => client.writeZeroes(2 ** 52, 1), "exhausted"],
  ];
  test.each(refusals)("%s, and goes on with the connection", async (_title, ask, code) => {
    const client = await connectNbd({ path, signal });
    await expect(ask(client)).rejects.toMatchObject({ code });
    expect(await client.read(0, 1)).toEqual(Buffer.alloc(1));
    await client.close();
  });

  test("every kind of write to a read-only device, with EPERM", async () => {
    Object.assign(device, { readOnly: true });
    const client = await connectNbd({ path, signal });
    expect(client.flags & exportFlag.readOnly).toBe(exportFlag.readOnly);
    await expect(client.write(0, Buffer.alloc(1))).rejects.toMatchObject({ code: "forbidden" });
    await expect(client.trim(0, 1)).rejects.toMatchObject({ code: "forbidden" });
    await expect(client.writeZeroes(0, 1)).rejects.toMatchObject({ code: "forbidden" });
    await client.flush();
    await client.close();
  });

  test("what the device cannot do, by its reason: no space as ENOSPC, anything unknown as EIO", async () => {
    const client = await connectNbd({ path, signal });
    device.write = () => Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
    await expect(client.write(0, Buffer.alloc(1))).rejects.toMatchObject({ code: "exhausted" });
    device.write = () => Promise.reject(new Failure("exhausted", "full"));
    await expect(client.write(0, Buffer.alloc(1))).rejects.toMatchObject({ code: "exhausted" });
    device.read = () => Promise.reject(new Error("bad sector"));
    await expect(client.read(0, 1)).rejects.toThrow(/EIO/);
    await client.close();
  });

  test("an unknown export by name", async () => {
    await expect(connectNbd({ path, signal, exportName: "other" })).rejects.toMatchObject({ code: "notFound" });
  });

  test("unknown commands, flags and a flush with a range, with EINVAL", async () => {
    const raw = await rawTransmission(path);
    for (const [type, flags, length] of [
      [5, 0, 1],
      [7, 0, 512],
      [999, 0, 0],
      [0, 1 << 7, 1],
      [3, 0, 1],
    ] as const) {
      raw.socket.write(encodeRequest({ type, flags, cookie: BigInt(type), offset: 0n, length }));
      const reply = await raw.take(16);
      expect([reply.readUInt32BE(4), reply.readBigUInt64BE(8)]).toEqual([22, BigInt(type)]);
    }
    raw.socket.destroy();
  });
});

describe("what ends only the connection that sent it", () => {
  const bad: readonly [string, (socket: Socket) => void][] = [
    ["a request with a wrong magic", (socket) => void socket.write(Buffer.alloc(28, 0xee))],
    ["a write of 4 GiB", (socket) => void socket.write(encodeRequest(aWrite({ length: 0xffffffff })))],
    ["half a request and a hang-up", (socket) => void socket.end(encodeRequest(aWrite({ length: 8 })).subarray(0, 11))],
    ["half the data of a write and a hang-up", (socket) => void socket.end(encodeRequest(aWrite({ length: 8 })))],
    ["a goodbye", (socket) => void socket.write(encodeRequest({ ...aWrite({ length: 0 }), type: 2 }))],
  ];
  test.each(bad)("%s", async (_title, send) => {
    const other = await connectNbd({ path, signal });
    const raw = await rawTransmission(path);
    send(raw.socket);
    await raw.closed;
    await other.write(0, Buffer.from("still served"));
    expect((await other.read(0, 12)).toString()).toBe("still served");
    await other.close();
  });

  const badHandshakes: readonly [string, Buffer][] = [
    ["unknown client flags", Buffer.from([0x80, 0, 0, 0])],
    ["an option with a wrong magic", Buffer.concat([Buffer.from([0, 0, 0, 3]), Buffer.alloc(16, 1)])],
    ["an option of 4 GiB", Buffer.concat([Buffer.from([0, 0, 0, 3]), optionHeader(option.go, 0xffffffff)])],
    ["a name that EXPORT_NAME cannot find", hello(encodeOption(option.exportName, Buffer.from("nobody")))],
    ["an abort", hello(encodeOption(option.abort, Buffer.alloc(0)))],
    ["a flood of options", hello(...Array.from({ length: 200 }, () => encodeOption(77, Buffer.alloc(0))))],
  ];
  test.each(badHandshakes)("%s in the handshake", async (_title, bytes) => {
    const raw = await dial(path);
    raw.socket.write(bytes);
    await raw.closed;
    const other = await connectNbd({ path, signal });
    await other.close();
  });

  test("random bytes, whole or in pieces, never stop the server", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }),
        fc.boolean(),
        async (parts, greet) => {
          const raw = await dial(path);
          if (greet) raw.socket.write(hello(encodeOption(option.exportName, Buffer.alloc(0))));
          for (const part of parts) raw.socket.write(part);
          raw.socket.end();
          await raw.closed;
        },
      ),
      { numRuns: 50 },
    );
    const client = await connectNbd({ path, signal });
    await client.close();
  });
});

describe("the handshake in detail", () => {
  test("lists its export, answers unknown options with UNSUP and malformed ones with INVALID, and goes on", async () => {
    const raw = await dial(path);
    await raw.take(18);
    raw.socket.write(hello(encodeOption(option.list, Buffer.alloc(0))));
    expect((await raw.optionReply()).data.subarray(4).toString()).toBe("vol-1");
    expect((await raw.optionReply()).type).toBe(1);
    raw.socket.write(encodeOption(8, Buffer.alloc(0)));
    expect((await raw.optionReply()).type).toBe(0x80000001);
    raw.socket.write(encodeOption(option.go, Buffer.from([0, 0, 0, 9, 1])));
    expect((await raw.optionReply()).type).toBe(0x80000003);
    raw.socket.write(encodeOption(option.list, Buffer.from("x")));
    expect((await raw.optionReply()).type).toBe(0x80000003);
    raw.socket.destroy();
  });

  test("EXPORT_NAME without the no-zeroes flag is followed by 124 zero bytes", async () => {
    const raw = await dial(path);
    await raw.take(18);
    raw.socket.write(Buffer.concat([Buffer.from([0, 0, 0, 1]), encodeOption(option.exportName, Buffer.alloc(0))]));
    const answer = await raw.take(134);
    expect(answer.readBigUInt64BE(0)).toBe(BigInt(sizeBytes));
    expect(answer.subarray(10)).toEqual(Buffer.alloc(124));
    raw.socket.destroy();
  });
});

describe("a client whose server misbehaves", () => {
  test("says that nobody listens, by path", async () => {
    await expect(connectNbd({ path: join(folder, "none"), signal })).rejects.toThrow(/cannot connect to .*none/);
  });

  test("fails what is under way when the server hangs up, and what comes after", async () => {
    const client = await connectNbd({ path, signal });
    const held = gate();
    device.flush = () => held.opened;
    const flush = client.flush();
    const closing = server.close();
    held.open();
    await closing;
    await flush.catch(() => undefined);
    await expect(client.read(0, 1)).rejects.toMatchObject({ code: "unavailable" });
    server = await listenNbd({ path, exportName: "vol-1", device });
  });

  const liars: readonly [string, Buffer, RegExp][] = [
    ["is no NBD server", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), /fixed newstyle/],
    ["is an oldstyle NBD server", Buffer.concat([Buffer.from("NBDMAGIC"), Buffer.alloc(144)]), /fixed newstyle/],
    [
      "answers options with a wrong magic",
      Buffer.concat([Buffer.from("NBDMAGICIHAVEOPT\0\x03"), Buffer.alloc(20)]),
      /malformed/,
    ],
    ["hangs up at once", Buffer.alloc(0), /ended/],
  ];
  test.each(liars)("refuses a peer that %s", async (_title, bytes, message) => {
    const lying = join(folder, "liar");
    const liar = createServer((socket) => void socket.resume().end(bytes)).listen(lying);
    await expect(connectNbd({ path: lying, signal })).rejects.toThrow(message);
    await new Promise((resolve) => liar.close(resolve));
  });

  test("falls back to EXPORT_NAME where the server does not know GO", async () => {
    const old = join(folder, "old");
    const answer = Buffer.alloc(10);
    answer.writeBigUInt64BE(4096n);
    const unsupported = Buffer.alloc(20);
    unsupported.writeBigUInt64BE(optionReplyMagic);
    unsupported.writeUInt32BE(option.go, 8);
    unsupported.writeUInt32BE(0x80000001, 12);
    const peer = createServer((socket) => {
      socket.write(Buffer.concat([Buffer.from("NBDMAGICIHAVEOPT\0\x03"), unsupported, answer]));
      socket.resume();
    }).listen(old);
    const giveUp = new AbortController();
    const client = await connectNbd({ path: old, signal: giveUp.signal });
    expect(client.sizeBytes).toBe(4096);
    giveUp.abort();
    await new Promise((resolve) => peer.close(resolve));
  });

  test("gives up with 'cancelled' when its signal is aborted", async () => {
    const giveUp = new AbortController();
    const client = await connectNbd({ path, signal: giveUp.signal });
    const held = gate();
    device.flush = () => held.opened;
    const flush = client.flush();
    giveUp.abort();
    await expect(flush).rejects.toMatchObject({ code: "cancelled" });
    held.open();
  });

  test("refuses ranges that no request can carry before it sends anything", async () => {
    const client = await connectNbd({ path, signal });
    await expect(client.read(-1, 1)).rejects.toMatchObject({ code: "invalid" });
    await expect(client.read(0, 33 << 20)).rejects.toMatchObject({ code: "invalid" });
    await expect(client.trim(0, 2 ** 32)).rejects.toMatchObject({ code: "invalid" });
    await client.close();
  });
});

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

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

const aWrite = (to: { readonly length: number }) => ({ type: 1, flags: 0, cookie: 1n, offset: 0n, ...to });

function optionHeader(code: number, length: number): Buffer {
  const header = encodeOption(code, Buffer.alloc(0));
  header.writeUInt32BE(length, 12);
  return header;
}

function hello(...options: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([0, 0, 0, 3]), ...options]);
}

/** A peer that can send anything, and takes what comes back byte by byte. */
async function dial(to: string) {
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

async function rawTransmission(to: string) {
  const raw = await dial(to);
  raw.socket.write(hello(encodeOption(option.exportName, Buffer.alloc(0))));
  await raw.take(18 + 10);
  return raw;
}
