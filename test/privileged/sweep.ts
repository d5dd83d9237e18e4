import { sweepScratchPools } from "../../src/testing/scratch-pool.ts";

/** Before the tests for those that were killed, after them for those that failed. */
export async function setup(): Promise<() => Promise<void>> {
  await sweepScratchPools();
  return sweepScratchPools;
}
