import { machineOf } from "../driver/filesystem/machine.ts";
import { closePlace, openPlace, type Place } from "../driver/place/open-place.ts";
import { failureOf } from "../lib/failure.ts";
import { connectDriver } from "./csi.ts";
import { helpers, startDriverProcess } from "./driver.ts";
import { releaseVolumes, thisNode } from "./node.ts";
import { aborted, type Running, type Surroundings } from "./surroundings.ts";

interface StorageOptions {
  readonly dataDir: string;
  /** The driver's. */
  readonly socket: string;
  /** An engine's name, or "auto". */
  readonly engine: string;
  readonly poolSize?: bigint;
}

/** A volume is taken down in milliseconds, and a stop promises an end in 5 s. */
const takeDownLimitMs = 4_000;

/**
 * A driver on the pool of a data folder. When it is told to stop, nothing of it stays mounted or attached but what
 * somebody uses, which is said.
 */
export async function startStorage(options: StorageOptions, around: Surroundings): Promise<Running> {
  const { dataDir } = options;
  const place = await openPlace(options, { ...around, ...machineOf(around.signal), helpers: helpers() });
  if (!place.isMounting) return startDriverAt(place, options, around);
  const told = new AbortController(); // the driver is, once its volumes are down
  try {
    const { ready, ended } = await startDriverAt(place, options, { ...around, signal: told.signal });
    const stop = async () => {
      await Promise.race([aborted(around.signal), ended]);
      await takeVolumesDown(options, around);
      told.abort(around.signal.reason);
      await ended;
      await takePoolDown(dataDir, around);
    };
    return { ready, ended: stop() };
  } catch (error) {
    await takePoolDown(dataDir, around);
    throw error;
  }
}

function startDriverAt(
  { pool, stateDir, engine }: Place,
  { socket, poolSize }: StorageOptions,
  around: Surroundings,
): Promise<Running> {
  const limits = poolSize === undefined ? {} : { poolSize };
  return startDriverProcess(
    { endpoint: `unix://${socket}`, nodeId: thisNode(), pool, stateDir, engine, ...limits },
    around,
  );
}

/** Never fails: what is left is taken over by the next start. */
async function takeVolumesDown({ socket, dataDir }: StorageOptions, around: Surroundings): Promise<void> {
  const own = { ...around, signal: AbortSignal.timeout(takeDownLimitMs) };
  try {
    const driver = await connectDriver(socket, own);
    await releaseVolumes(driver, { dataDir }, own).finally(() => driver.csi.close());
  } catch (error) {
    around.log.warn({ why: failureOf(error).message }, "volumes stay published: the next start takes them over");
  }
}

/** Likewise. */
async function takePoolDown(dataDir: string, around: Surroundings): Promise<void> {
  const own = { ...around, signal: AbortSignal.timeout(takeDownLimitMs) };
  try {
    await closePlace(dataDir, { ...own, ...machineOf(own.signal) });
  } catch (error) {
    around.log.warn({ why: failureOf(error).message }, "the pool stays mounted: the next start takes it over");
  }
}
