import { once } from "node:events";
import { sweepScratchFolders } from "../../src/testing/scratch-pool.ts";

// Waits for the end of the run that started it, and takes away what that left mounted and attached.
process.stdin.resume();
await once(process.stdin, "end");
await sweepScratchFolders(Number(process.argv[2]));
