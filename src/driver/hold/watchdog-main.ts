import { runWatchdog } from "./watchdog.ts";

/** The watchdog's process where the built program is not there: in tests, and when run from source. */
await runWatchdog();
