import type { Socket } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure } from "../failure.ts";
import { connectNbd, type NbdClient } from "./client.ts";
import {
  aServedDevice,
  aWrite,
  dial,
  hello,
  optionHeader,
  rawTransmission,
  type ServedDevice,
  sizeBytes,
} from "./testing.ts";
import { encodeOption, encodeRequest, exportFlag, option } from "./wire.ts";

const signal = new AbortController().signal;
let served: ServedDevice;
let path: string;
let device: ServedDevice["device"];

beforeEach(async () => {
  served = await aServedDevice();
  ({ path, device } = served);
});
afterEach(() => served.close());

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
  test.each(bad)("only its own connection ends by %s", async (_title, send) => {
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
