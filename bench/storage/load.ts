import { once } from "node:events";
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { bundled } from "../../src/driver/testing/bundled.ts";

/** Threads that each write 4 KiB at a random place of a file, flush it, and go on with the next file. */
export interface Load {
  /** Flushed writes since the last `reset`. */
  written(): number;
  /** The longest write with its flush that ended since the last `reset`, or has not ended yet. */
  longestMs(): number;
  reset(): void;
  stop(): Promise<void>;
}

/** What a thread shares: a row of numbers each. */
export const fields = { written: 0, longestMs: 1, begunMs: 2, stop: 3, length: 4 };
/** Files are this long, and written before the threads begin. */
export const fileBytes = 64 << 20;

/** All threads of a machine read the same clock; `performance.now()` begins anew in each. */
export const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

export async function startLoad(paths: readonly string[], threads = 4): Promise<Load> {
  const rows = Array.from({ length: threads }, () => new Float64Array(new SharedArrayBuffer(8 * fields.length)));
  const writer = await bundled(new URL("./writer.ts", import.meta.url));
  const workers = rows.map((row, thread) => new Worker(resolve(writer), { workerData: { row, paths, thread } }));
  await Promise.all(workers.map((worker) => once(worker, "message"))); // rejects when a thread fails
  return {
    written: () => rows.reduce((sum, row) => sum + (row[fields.written] ?? 0), 0),
    longestMs: () =>
      Math.max(...rows.flatMap((row) => [row[fields.longestMs] ?? 0, nowMs() - (row[fields.begunMs] ?? 0)])),
    reset() {
      for (const row of rows) row.set([0, 0]);
    },
    async stop() {
      for (const row of rows) row[fields.stop] = 1;
      await Promise.all(workers.map((worker) => once(worker, "exit")));
    },
  };
}
