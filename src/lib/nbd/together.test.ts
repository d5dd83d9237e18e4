import { stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectNbd } from "./client.ts";
import { listenNbd } from "./server.ts";
import { aServedDevice, gate, type ServedDevice, sizeBytes } from "./testing.ts";
import { exportFlag } from "./wire.ts";

const signal = new AbortController().signal;
let served: ServedDevice;
let path: string;
let device: ServedDevice["device"];

beforeEach(async () => {
  served = await aServedDevice();
  ({ path, device } = served);
});
afterEach(() => served.close());

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
    const long = join(served.folder, "x".repeat(120));
    await symlink(path, long);
    const client = await connectNbd({ path: long, signal });
    await client.close();
    await expect(listenNbd({ path: `${long}y`, exportName: "e", device })).rejects.toThrow(/at most 107 bytes/);
  });

  test("the socket is for its owner only, and one left over by a dead process is replaced", async () => {
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const again = await listenNbd({ path: join(served.folder, "s"), exportName: "vol-1", device });
    const client = await connectNbd({ path, signal });
    await client.close();
    await again.close();
  });
});
