// How long a cut holds writers: 16 volumes, four writers of 4 KiB records, and for each group snapshot the longest write
// that was under way at its instant, beside the longest at an instant half a round earlier, where nothing was cut.
// STALL_ROUNDS=20 makes it shorter.
import { randomUUID } from "node:crypto";
import { aDriver, call, type TestDriver } from "../src/driver/testing.ts";
import type { NbdClient } from "../src/lib/nbd/client.ts";
import { spreadOf } from "../src/testing/spread.ts";

const rounds = Number(process.env.STALL_ROUNDS ?? 50);
const volumeCount = 16;
const writerCount = 4;
const volumeBytes = 16 << 20;
const record = Buffer.alloc(4096, 1);

/** One write: when it began and ended, in milliseconds of wall-clock time. */
interface Write {
  readonly begunMs: number;
  readonly endedMs: number;
}

const driver = await aDriver();
try {
  const ids = await Promise.all(
    Array.from({ length: volumeCount }, (_, i) => driver.volume(`stall-${i}`, volumeBytes)),
  );
  const clients: NbdClient[] = [];
  for (const id of ids) clients.push(await driver.use(id));
  await measure(ids, clients);
} finally {
  await driver.close();
}

async function measure(ids: readonly string[], clients: readonly NbdClient[]): Promise<void> {
  const writes: Write[] = [];
  let writing = true;
  const writers = Array.from({ length: writerCount }, (_, writer) => writeOn(clients, writer, () => writing, writes));
  const held: number[] = [];
  const free: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begunMs = nowMs();
    await sleep(20);
    const instantMs = await cut(driver, ids);
    await sleep(20); // so that the writes of that instant have ended
    held.push(longestAt(writes, instantMs));
    free.push(longestAt(writes, begunMs + 10));
    writes.length = 0;
  }
  writing = false;
  await Promise.all(writers);
  console.log(
    `${volumeCount} volumes, ${writerCount} writers: longest write at a cut's instant ${spreadOf(held, "ms")}; at another instant ${spreadOf(free, "ms")}`,
  );
}

async function writeOn(
  clients: readonly NbdClient[],
  writer: number,
  goOn: () => boolean,
  writes: Write[],
): Promise<void> {
  for (let n = writer; goOn(); n += writerCount) {
    const begunMs = nowMs();
    await clients[n % clients.length]?.write(((n * 4096) % volumeBytes) & ~4095, record);
    writes.push({ begunMs, endedMs: nowMs() });
  }
}

/** Takes a group snapshot and removes it. @returns the instant that the driver gives */
async function cut({ csi }: TestDriver, sourceVolumeIds: readonly string[]): Promise<number> {
  const asked = { name: `stall-${randomUUID()}`, sourceVolumeIds: [...sourceVolumeIds] };
  const { groupSnapshot } = await csi.groupController.createVolumeGroupSnapshot(asked, call);
  const { groupSnapshotId = "", snapshots = [], creationTime } = groupSnapshot ?? {};
  const snapshotIds = snapshots.map(({ snapshotId }) => snapshotId);
  await csi.groupController.deleteVolumeGroupSnapshot({ groupSnapshotId, snapshotIds }, call);
  return Number(creationTime?.seconds ?? 0n) * 1000 + (creationTime?.nanos ?? 0) / 1e6;
}

/** The instant is known to a millisecond. */
function longestAt(writes: readonly Write[], instantMs: number): number {
  const there = writes.filter(({ begunMs, endedMs }) => begunMs <= instantMs + 1 && endedMs >= instantMs - 1);
  return Math.max(0, ...there.map(({ begunMs, endedMs }) => endedMs - begunMs));
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
