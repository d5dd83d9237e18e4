import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { silent } from "../../lib/log.ts";
import { connectNbd } from "../../lib/nbd/client.ts";
import { systemRandom } from "../../lib/random.ts";
import { testHelpers } from "../testing.ts";
import { runBlockEngine } from "./engine.ts";
import { engineGone } from "./engine-lock.ts";
import { EngineProcess } from "./engine-process.ts";
import { type EngineOptions, SupervisedEngine } from "./supervised-engine.ts";

const signal = new AbortController().signal;
let folder: string;
let options: EngineOptions;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gs-engine-"));
  const given = { clock: systemClock, random: systemRandom, log: silent, exports: () => [] };
  options = { ...given, command: (await testHelpers()).blockEngine, lock: join(folder, "lock") };
});
afterEach(() => rm(folder, { recursive: true }));

describe("a supervised block engine", () => {
  test("serves what it can when one of its volumes cannot be served", async () => {
    const served = (name: string) => ({
      image: join(folder, `${name}.img`),
      socket: join(folder, name),
      readOnly: false,
      name,
    });
    await writeFile(served("good").image, "");
    await truncate(served("good").image, 4096);
    const engine = new SupervisedEngine({ ...options, exports: () => [served("lost"), served("good")] });
    await engine.ready();
    const client = await connectNbd({ path: served("good").socket, signal });
    expect(client.sizeBytes).toBe(4096);
    await client.close();
    await engine.close();
    await expect(engine.withdraw(served("good").socket)).rejects.toMatchObject({ code: "unavailable" });
  });

  test("tells others, by its lock, that it lives and when it has ended", async () => {
    const engine = new SupervisedEngine(options);
    await engine.ready();
    const gone = engineGone(options.lock, systemClock, signal);
    let isGone = false;
    void gone.then(() => {
      isGone = true;
    });
    await engine.serve({ image: "none", socket: "none", readOnly: false, name: "" }).catch(() => undefined);
    expect(isGone).toBe(false);
    await engine.close();
    await gone;
  });

  test("that cannot be started is started again and again, and closing ends that", async () => {
    let starts = 0;
    const counted = { ...silent, error: () => void starts++, info: () => undefined, child: () => silent };
    const log = { ...counted, debug: () => undefined, warn: () => undefined };
    const engine = new SupervisedEngine({ ...options, log, command: ["/nowhere/node"] });
    await expect.poll(() => starts, { timeout: 10_000 }).toBeGreaterThan(1);
    await engine.close();
    await expect(engine.ready()).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("a block engine process", () => {
  test("refuses a driver that speaks another version", async () => {
    const [program = "", ...args] = options.command;
    const engine = new EngineProcess([program, ...args], systemClock);
    await expect(engine.ask({ do: "hello", version: 99, lock: options.lock })).rejects.toThrow(/the driver 99/);
    await engine.stop();
    await expect(engine.ask({ do: "stop" })).rejects.toMatchObject({ code: "unavailable" });
  });

  test("is started by the driver and by nobody else", async () => {
    const send = process.send;
    Object.assign(process, { send: undefined });
    await expect(runBlockEngine()).rejects.toMatchObject({ code: "precondition" });
    Object.assign(process, { send });
  });
});
