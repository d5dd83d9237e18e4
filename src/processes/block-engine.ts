import { runBlockEngine } from "../driver/block/engine.ts";

/** The driver's second process: moves blocks in an event loop of its own, as long as the driver lives. */
export function startBlockEngine(): Promise<void> {
  return runBlockEngine();
}
