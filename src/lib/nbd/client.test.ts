import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectNbd } from "./client.ts";
import { listenNbd } from "./server.ts";
import { aServedDevice, gate, type ServedDevice } from "./testing.ts";
import { option, optionReplyMagic } from "./wire.ts";

const signal = new AbortController().signal;
let served: ServedDevice;
let path: string;
let device: ServedDevice["device"];

beforeEach(async () => {
  served = await aServedDevice();
  ({ path, device } = served);
});
afterEach(() => served.close());

describe("a client whose server misbehaves", () => {
  test("says that nobody listens, by path", async () => {
    await expect(connectNbd({ path: join(served.folder, "none"), signal })).rejects.toThrow(/cannot connect to .*none/);
  });

  test("fails what is under way when the server hangs up, and what comes after", async () => {
    const client = await connectNbd({ path, signal });
    const held = gate();
    device.flush = () => held.opened;
    const flush = client.flush();
    const closing = served.server.close();
    held.open();
    await closing;
    await flush.catch(() => undefined);
    await expect(client.read(0, 1)).rejects.toMatchObject({ code: "unavailable" });
    served.server = await listenNbd({ path, exportName: "vol-1", device });
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
    const lying = join(served.folder, "liar");
    const liar = createServer((socket) => void socket.resume().end(bytes)).listen(lying);
    await expect(connectNbd({ path: lying, signal })).rejects.toThrow(message);
    await new Promise((resolve) => liar.close(resolve));
  });

  test("falls back to EXPORT_NAME where the server does not know GO", async () => {
    const old = join(served.folder, "old");
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
