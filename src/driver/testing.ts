import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Csi, connect } from "../csi/client.ts";
import { VolumeCapability_AccessMode_Mode as Mode } from "../csi/gen/csi_pb.js";
import { systemClock } from "../lib/clock.ts";
import { type Logger, silent } from "../lib/log.ts";
import { connectNbd, type NbdClient } from "../lib/nbd/client.ts";
import { systemRandom } from "../lib/random.ts";
import type { Helpers } from "./candidates.ts";
import { type Driver, type DriverOptions, startDriver } from "./driver.ts";
import { bundled } from "./testing/bundled.ts";
import { type Doom, startDriverProcess } from "./testing/driver-process.ts";

/** How tests start what the driver runs beside itself. */
export async function testHelpers(): Promise<Helpers> {
  return {
    blockEngine: [process.execPath, await bundled(new URL("./block/engine-main.ts", import.meta.url))],
    watchdog: [process.execPath, await bundled(new URL("./hold/watchdog-main.ts", import.meta.url))],
  };
}

const signal = new AbortController().signal;
export const call = { signal, timeoutMs: 30_000 };

export const block = {
  accessType: { case: "block" as const, value: {} },
  accessMode: { mode: Mode.SINGLE_NODE_WRITER },
};
export const formatted = (fsType: string) => ({
  accessType: { case: "mount" as const, value: { fsType } },
  accessMode: { mode: Mode.SINGLE_NODE_WRITER },
});
export const filesystem = formatted("");
type Capability = typeof block | typeof filesystem;

/** A driver over a pool in a throw-away folder, with a client; for tests. */
export interface TestDriver {
  readonly csi: Csi;
  readonly folder: string;
  readonly pool: string;
  /** Makes an empty volume. */
  volume(name: string, sizeBytes?: number): Promise<string>;
  /** Publishes a volume as a block device and connects to its NBD socket. */
  use(volumeId: string): Promise<NbdClient>;
  /** Stages and publishes it, as a block device unless said otherwise, and says where. */
  publish(
    volumeId: string,
    volumeCapability?: Capability,
  ): Promise<{ readonly staging: string; readonly target: string }>;
  unpublish(volumeId: string): Promise<void>;
  /** Of the driver, if it has a process of its own. */
  pid(): number;
  /** Ends the driver, as SIGTERM does. */
  stop(): Promise<void>;
  /** Starts it again over the same pool. */
  start(): Promise<void>;
  close(): Promise<void>;
}

interface TestOptions extends Partial<DriverOptions> {
  /** In a process of its own, to be killed, and to let go of everything when it ends. */
  readonly ownProcess?: boolean;
  /** What becomes of it when it is started the first time; then it has a process of its own. */
  readonly doom?: Doom;
}

export async function aDriver({ ownProcess, doom, ...options }: TestOptions = {}): Promise<TestDriver> {
  const folder = await mkdtemp(join(tmpdir(), "gs-driver-"));
  const endpoint = join(folder, "csi.sock");
  const pool = options.poolDir ?? join(folder, "pool");
  const given = { endpoint, poolDir: pool, nodeId: "node-1", engine: "auto", log: silent };
  const helpers = await testHelpers();
  let isFirst = true;
  let pid = process.pid;
  const start = async (): Promise<Pick<Driver, "close">> => {
    if (!ownProcess && !doom)
      return startDriver({ ...given, helpers, clock: systemClock, random: systemRandom, ...options });
    const fate = isFirst && doom ? { doom } : {};
    isFirst = false;
    const driver = await startDriverProcess({ ...given, ...options, ...fate });
    pid = driver.pid;
    return { close: () => driver.end("SIGTERM").then(() => undefined) };
  };
  const remove = () => rm(folder, { recursive: true, force: true });
  let driver = await start().catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const csi = connect({ address: endpoint });
  const clients: NbdClient[] = [];
  const user = userOf(csi, folder);
  return {
    csi,
    folder,
    pool,
    ...user,
    async use(volumeId) {
      const { target } = await user.publish(volumeId);
      const client = await connectNbd({ path: target, signal });
      clients.push(client);
      return client;
    },
    pid: () => pid,
    stop: () => driver.close(),
    async start() {
      driver = await start();
    },
    async close() {
      csi.close();
      await Promise.all(clients.map((client) => client.close()));
      await driver.close();
      await remove();
    },
  };
}

/** The calls of a caller who makes volumes and puts them to use, below a folder. */
function userOf(csi: Csi, folder: string): Pick<TestDriver, "volume" | "publish" | "unpublish"> {
  const pathsOf = (volumeId: string) => ({
    staging: join(folder, `staged-${volumeId}`),
    target: join(folder, `target-${volumeId}`),
  });
  return {
    async volume(name, sizeBytes = 1 << 20) {
      const capacityRange = { requiredBytes: BigInt(sizeBytes) };
      const { volume } = await csi.controller.createVolume({ name, capacityRange, volumeCapabilities: [block] }, call);
      return volume?.volumeId ?? "";
    },
    async publish(volumeId, volumeCapability = block) {
      const { staging, target } = pathsOf(volumeId);
      const staged = { volumeId, stagingTargetPath: staging, volumeCapability };
      await csi.node.nodeStageVolume(staged, call);
      await csi.node.nodePublishVolume({ ...staged, targetPath: target }, call);
      return { staging, target };
    },
    async unpublish(volumeId) {
      const { staging, target } = pathsOf(volumeId);
      await csi.node.nodeUnpublishVolume({ volumeId, targetPath: target }, call);
      await csi.node.nodeUnstageVolume({ volumeId, stagingTargetPath: staging }, call);
    },
  };
}

/** A log that notes the process ids of the block engines that came to serve. */
export function enginesSeen() {
  const pids: number[] = [];
  const info = (fields: object) => {
    if ("pid" in fields && typeof fields.pid === "number") pids.push(fields.pid);
  };
  const ignore = () => undefined;
  const log: Logger = { debug: ignore, info, warn: ignore, error: ignore, child: () => log };
  return { pids, log, last: () => pids.at(-1) ?? 0 };
}
