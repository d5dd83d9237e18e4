import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { Failure } from "../lib/failure.ts";
import { systemRandom } from "../lib/random.ts";
import { faultsIn } from "../testing/faults.ts";
import { judge } from "./judge.ts";
import { ringOffset } from "./layout.ts";
import { openVolumes } from "./open-volume.ts";
import { memoryVolume, runId } from "./testing.ts";
import { startWriters, type Writers } from "./writers.ts";

const machine = { clock: systemClock, random: systemRandom };
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function openFiles(count: number) {
  const folder = await mkdtemp(join(tmpdir(), "gs-verify-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const paths = Array.from({ length: count }, (_, i) => join(folder, `volume-${i}`));
  const volumes = await openVolumes({ paths, createBytes: 4 << 20, signal: AbortSignal.timeout(10_000) });
  cleanups.push(() => Promise.all(volumes.map((volume) => volume.close())));
  return volumes;
}

const memory = (count: number, sizeBytes: number) =>
  Array.from({ length: count }, (_, i) => memoryVolume(`memory ${i}`, Buffer.alloc(sizeBytes)));

/** Lets the writers run until each has acknowledged that many records. */
async function untilEachWrote(writers: Writers, records: number): Promise<void> {
  while (writers.progress().acked.some((acked) => acked < records)) {
    if (writers.ended.aborted) throw new Error("the writers ended before they had written enough");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("three writers on two files leave all their records in order, over many rounds of their rings", async () => {
  const volumes = await openFiles(2);
  const signal = AbortSignal.timeout(10_000);
  const writers = await startWriters({ volumes, writers: 3, slots: 4, runId, signal, ...machine });
  await untilEachWrote(writers, 40);
  await writers.stop();
  const progress = writers.progress();
  expect(progress.acked).toEqual(progress.issued);
  const verdict = await judge({ volumes, runId, before: progress, after: progress });
  expect(verdict).toEqual({ records: progress.acked.reduce((a, b) => a + b), violations: [] });
});

test("copies taken of one volume after the other, while a writer goes on, are found out", async () => {
  const volumes = memory(2, 1 << 20);
  const writers = await startWriters({
    volumes,
    writers: 1,
    slots: 8,
    runId,
    signal: AbortSignal.timeout(10_000),
    ...machine,
  });
  await untilEachWrote(writers, 20);
  const first = memoryVolume("first copy", Buffer.from(volumes[0]?.data ?? []));
  await untilEachWrote(writers, 50);
  const second = memoryVolume("second copy", Buffer.from(volumes[1]?.data ?? []));
  await writers.stop();
  const { violations } = await judge({ volumes: [first, second], runId });
  expect(violations.length).toBeGreaterThan(0);
});

test("an acknowledged number never runs ahead of an issued one, nor more than one behind", async () => {
  const volumes = memory(2, 1 << 20);
  const writers = await startWriters({
    volumes,
    writers: 2,
    slots: 8,
    runId,
    signal: AbortSignal.timeout(10_000),
    ...machine,
  });
  const gaps = new Set<number>();
  const look = () => {
    const { acked, issued } = writers.progress();
    for (const [writer, number] of issued.entries()) gaps.add(number - (acked[writer] ?? Number.NaN));
  };
  for (let i = 0; i < 200; i++) {
    look();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await writers.stop();
  look();
  expect(gaps).toEqual(new Set([0, 1]));
});

test("a volume that fails ends all writers, and stop tells the reason", async () => {
  const [good, bad] = [
    memoryVolume("memory 0", Buffer.alloc(1 << 20)),
    memoryVolume("memory 1", Buffer.alloc(1 << 20)),
  ];
  const faults = faultsIn(bad);
  faults.fail("write", { error: new Failure("exhausted", "no space left on memory 1"), after: 5 });
  const volumes = [good, faults.subject];
  const writers = await startWriters({
    volumes,
    writers: 2,
    runId,
    slots: 8,
    signal: AbortSignal.timeout(10_000),
    ...machine,
  });
  await new Promise((resolve) => writers.ended.addEventListener("abort", resolve));
  await expect(writers.stop()).rejects.toThrow(new Failure("exhausted", "no space left on memory 1"));
});

test("a volume too small for its rings is refused with the size it needs", async () => {
  const needed = ringOffset({ volumes: 2, writers: 2, slots: 8 }, 2);
  const start = startWriters({
    volumes: memory(2, needed - 1),
    writers: 2,
    slots: 8,
    runId,
    signal: AbortSignal.timeout(1),
    ...machine,
  });
  await expect(start).rejects.toThrow(`memory 0 has ${needed - 1} bytes, the order test needs ${needed}`);
});

test("a run id that is no UUID is refused before anything is written", async () => {
  const volumes = memory(2, 2 << 20);
  const start = startWriters({ volumes, writers: 1, runId: "mine", signal: AbortSignal.timeout(1), ...machine });
  await expect(start).rejects.toThrow('a UUID, not "mine"');
  expect(volumes.every(({ data }) => data.every((byte) => byte === 0))).toBe(true);
});
