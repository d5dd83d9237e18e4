import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exec } from "../../src/lib/exec.ts";
import { releaseScratch, scratchFolder, sweepScratchFolders } from "../../src/testing/scratch-pool.ts";

const limits = { timeoutMs: 60_000, signal: new AbortController().signal };

/** The id of a process that was there. */
async function aDeadProcess(): Promise<string> {
  const { stdout } = await exec([process.execPath, "-p", "process.pid"], limits);
  return stdout.trim();
}

test("a sweep takes away the folders of runs that are dead or have just ended, and leaves those of others alone", async () => {
  const folderOf = (owner: string | number) => join(tmpdir(), `gs-scratch-${owner}-swept`);
  const folders = [await aDeadProcess(), process.pid, process.ppid, "nobody"].map(folderOf);
  for (const folder of folders) await mkdir(folder);
  const ours = await scratchFolder();
  const left = () => [...folders, ours].map(existsSync);
  await sweepScratchFolders();
  expect(left()).toEqual([false, true, true, true, true]);
  await sweepScratchFolders(process.pid);
  expect(left()).toEqual([false, false, true, true, true]);
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  await releaseScratch(ours);
});
