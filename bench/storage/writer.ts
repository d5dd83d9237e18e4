import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { fields, fileBytes, nowMs } from "./load.ts";

// One thread of a load. Its calls block, as those of a database's backend do.

interface Order {
  readonly row: Float64Array;
  readonly paths: readonly string[];
  readonly thread: number;
}

const { row, paths, thread } = workerData as Order; // as load.ts gives it
const files = paths.map((path) => openSync(path, "r+"));
const record = Buffer.alloc(4096, 1 + thread);
row[fields.begunMs] = nowMs();
parentPort?.postMessage("writing");
for (let n = thread; row[fields.stop] !== 1; n++) {
  const file = files[n % files.length] ?? 0;
  const begunMs = nowMs();
  row[fields.begunMs] = begunMs;
  writeSync(file, record, 0, record.length, Math.floor((Math.random() * fileBytes) / 4096) * 4096);
  fdatasyncSync(file);
  row[fields.written] = (row[fields.written] ?? 0) + 1;
  row[fields.longestMs] = Math.max(row[fields.longestMs] ?? 0, nowMs() - begunMs);
}
for (const file of files) closeSync(file);
