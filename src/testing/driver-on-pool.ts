import { join } from "node:path";
import { aDriver, type TestDriver } from "../driver/testing.ts";
import { scratchPool } from "./scratch-pool.ts";

/** A driver's engine, and the filesystem of the pool that it works on. */
export interface EngineOnPool {
  readonly engine: string;
  readonly pool: "btrfs" | "xfs";
}

/** Room for restores beside the reserve; nothing but what is written takes any on the disk. */
const poolBytes = 2 ** 33;

/** A driver in a process of its own, over a scratch pool that goes with it; needs root. */
export async function driverOnPool({ engine, pool }: EngineOnPool): Promise<TestDriver> {
  const scratch = await scratchPool(pool, poolBytes);
  const driver = await aDriver({ poolDir: join(scratch.path, "pool"), engine, ownProcess: true });
  return {
    ...driver,
    async close() {
      await driver.close();
      await scratch.remove();
    },
  };
}
