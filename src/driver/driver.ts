import { serve } from "../csi/server.ts";
import type { Clock } from "../lib/clock.ts";
import { Failure, isFailure } from "../lib/failure.ts";
import { type FileLock, lockFile } from "../lib/file-lock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { topologyOf } from "./answer.ts";
import { engineGone } from "./block/engine-lock.ts";
import { candidatesFor, type Helpers } from "./candidates.ts";
import { controllerService } from "./controller.ts";
import { pickEngine } from "./cut/pick.ts";
import { loadExtents } from "./filesystem/extents.ts";
import { machineOf } from "./filesystem/machine.ts";
import { groupService } from "./group.ts";
import { type EngineInUse, identityService } from "./identity.ts";
import { nodeService } from "./node.ts";
import { systemFiles } from "./pool/files.ts";
import { type Layout, prepareLayout, removeSockets } from "./pool/layout.ts";
import { poolOf } from "./pool/pool.ts";
import { mountPoolImage, type PoolImage } from "./pool/pool-image.ts";
import { recover } from "./pool/recover.ts";
import { type PoolReport, poolReports } from "./pool/report.ts";
import { Reservations } from "./pool/reservations.ts";
import { Space } from "./pool/space.ts";
import { spaceAlarm } from "./pool/space-alarm.ts";
import { openState } from "./pool/state.ts";
import { Trash } from "./pool/trash.ts";
import type { Workshop } from "./pool/workshop.ts";

export interface DriverOptions {
  /** CSI's socket: `unix:///path` or a path. */
  readonly endpoint: string;
  /** This machine, as the cluster calls it. */
  readonly nodeId: string;
  readonly poolDir: string;
  /** Where the driver's databases are; in the pool if absent. Who unmounts the pool below a process that lives wants them elsewhere. */
  readonly stateDir?: string;
  /** Holds the pool, mounted at its folder; needs root. Without it the pool is the folder as it is. */
  readonly poolImage?: PoolImage;
  /** See `Space`; without it volumes are thin. */
  readonly poolSizeBytes?: bigint;
  /** How cuts are taken: an engine's name, or "auto" for the best that works here. */
  readonly engine: string;
  readonly helpers: Helpers;
  /** How long a cut may hold writers; the freeze engine thaws then, and drops the cut. 5 s if absent. */
  readonly holdDeadlineMs?: number;
  readonly driverName?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Seams for tests: file operations that fail, and the moments between two steps of the journal. */
  readonly files?: Workshop["files"];
  readonly onStep?: Workshop["onStep"];
}

export interface Driver {
  readonly engine: EngineInUse;
  /** How its pool stands now. */
  report(): Promise<PoolReport>;
  /** Ends within 5 s: calls are ended or cut off, unfinished cuts dropped, volumes synced. */
  close(): Promise<void>;
}

/** Calls that take longer are cut off, to be made again: what they began goes on or is dropped whole. */
const stopGraceMs = 1_000;

/**
 * Starts the CSI driver over the volumes of one folder, and resolves when it serves.
 *
 * What an earlier run left half-done is ended first; what was in use is served again.
 * @throws Failure "busy" if another driver has the pool; "precondition" if the pool cannot be used; "invalid"
 */
export async function startDriver(options: DriverOptions): Promise<Driver> {
  const { driverName = "local.csi.groupsnap.dev", log } = options;
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closing.reverse().splice(0)) await end();
  };
  try {
    const { pool, engine, access, report } = await openWorkshop(options, closing);
    const topology = topologyOf(driverName, options.nodeId);
    const deps = {
      pool,
      nodeId: options.nodeId,
      topology,
      growsFilesystems: access.growsFilesystems,
      usage: access.usage,
    };
    const server = await serve({
      address: options.endpoint,
      identity: identityService({ driverName, engine, space: pool.space, ready: () => access.ready() }),
      controller: controllerService(deps),
      groupController: groupService(deps),
      node: nodeService(deps),
      clock: options.clock,
      log,
    });
    closing.push(() => server.stop(stopGraceMs));
    log.info({ address: server.address, pool: options.poolDir, ...engine }, "driver serves");
    return { engine, report, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens state, engine and pool, in this order: nothing is served before what was half-done is ended. */
async function openWorkshop(options: DriverOptions, closing: (() => unknown)[]) {
  const { clock, random, log, files = systemFiles } = options;
  const stopped = new AbortController();
  closing.push(() => stopped.abort(new DOMException("the driver stops", "AbortError")));
  const machine = machineOf(stopped.signal);
  if (options.poolImage) await mountPoolImage(options.poolImage, options.poolDir, { ...machine, log });
  const layout = await prepareLayout(options.poolDir, options.stateDir);
  const lock = await lockPool(layout);
  closing.push(async () => {
    await removeSockets(layout);
    lock.release();
  });
  const state = await openState(layout.state);
  const ended: (() => Promise<void>)[] = [];
  closing.push(async () => {
    for (const settled of ended) await settled();
    state.close();
  });
  await engineGone(layout.engineLock, clock, new AbortController().signal);
  const candidates = await candidatesFor({ ...options, ...machine, layout, state, files });
  const trash = new Trash({ files, layout, log });
  ended.push(() => trash.close());
  await trash.resume();
  await recover({ layout, state, files, trash, log });
  const wish = { engine: options.engine, served: state.served() };
  const { candidate, ...found } = await pickEngine(candidates, wish, log);
  const { cutter, access } = await candidate.open();
  closing.push(() => access.close());
  const space = new Space({
    state,
    files,
    folder: layout.pool,
    limitBytes: limitOf(options.poolSizeBytes),
    keepsReserve: access.name === "loop",
    trash,
  });
  const alarm = spaceAlarm({ space, clock, log });
  ended.push(() => alarm.close());
  const seams = options.onStep && { onStep: options.onStep };
  const reservations = new Reservations();
  const pool = poolOf({
    layout,
    state,
    files,
    trash,
    space,
    reservations,
    cutter,
    access,
    clock,
    random,
    log,
    ...seams,
  });
  ended.push(() => pool.settled());
  const report = poolReports({ layout, state, space, trash, extents: await loadExtents(), clock, log });
  return { pool, access, report, engine: { name: cutter.name, ...found } };
}

async function lockPool({ driverLock, pool }: Layout): Promise<FileLock> {
  try {
    return await lockFile(driverLock);
  } catch (error) {
    if (!isFailure(error, "busy")) throw error;
    throw new Failure("busy", `another driver has the pool ${pool}; stop that one first`, { cause: error });
  }
}

function limitOf(bytes: bigint | undefined): number | undefined {
  if (bytes === undefined) return undefined;
  if (bytes <= 0n) throw new Failure("invalid", `the pool's size must be more than ${bytes} bytes`);
  return Number(bytes);
}
