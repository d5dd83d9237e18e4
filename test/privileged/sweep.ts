import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ownScratchFolders, sweepScratchFolders } from "../../src/testing/scratch-pool.ts";

/**
 * Before the tests for what was left all the same, after them for those that failed. The latter by a process of its own, which
 * notices the end of this one however it comes: by Ctrl-C, by kill -9.
 */
export async function setup(): Promise<() => Promise<void>> {
  await sweepScratchFolders();
  ownScratchFolders();
  const sweeper = spawn(
    process.execPath,
    ["--import", "tsx", fileURLToPath(new URL("./sweeper.ts", import.meta.url)), `${process.pid}`],
    {
      stdio: ["pipe", "ignore", "inherit"],
      detached: true, // Ctrl-C is not for it
    },
  );
  return async () => {
    const ended = once(sweeper, "exit");
    sweeper.stdin.end();
    const [status] = await ended;
    if (status !== 0) throw new Error("could not take away what tests left: see above");
  };
}
