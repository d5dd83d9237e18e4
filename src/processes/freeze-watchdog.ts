import { runWatchdog } from "../driver/hold/watchdog.ts";

/** The driver's second process where it freezes filesystems: sees to it that none stays frozen. */
export function startFreezeWatchdog(): Promise<void> {
  return runWatchdog();
}
