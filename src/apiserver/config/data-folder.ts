import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, isFailure } from "../../lib/failure.ts";
import { lockFile } from "../../lib/file-lock.ts";
import { makeFolder } from "../../lib/make-folder.ts";

/** The folder is ours until this is called. */
export type Unlock = () => void;

/**
 * Makes the data folder, for its owner only, and takes it for this process; its file "lock" says so. What a process that
 * died has left is taken over, by one of those that try.
 *
 * @throws Failure "busy" that names the folder and the process that holds it
 */
export async function lockDataFolder(folder: string): Promise<Unlock> {
  makeOwn(folder);
  const note = join(folder, "lock");
  const lock = await lockFile(join(folder, "lock.db")).catch((error: unknown) => {
    if (!isFailure(error, "busy")) throw error;
    const holder = holderOf(note);
    throw new Failure(
      "busy",
      `the data folder ${folder} is in use by ${holder}; stop that process or choose another folder with --data-dir`,
      { cause: error },
    );
  });
  writeFileSync(note, JSON.stringify({ pid: process.pid }), { mode: 0o600 });
  return () => {
    rmSync(note, { force: true });
    lock.release();
  };
}

/** @throws Failure "precondition" that names the folder */
function makeOwn(folder: string): void {
  try {
    makeFolder(folder);
    chmodSync(folder, 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // neither throws anything else
    const why = code === "ENOTDIR" || code === "EEXIST" ? "a file is in its place" : `${code}`;
    throw new Failure(
      "precondition",
      `cannot make the data folder ${folder}: ${why}; choose another folder with --data-dir`,
      { cause: error },
    );
  }
}

function holderOf(note: string): string {
  try {
    const { pid } = JSON.parse(readFileSync(note, "utf8")) as { pid?: unknown }; // for people only
    return `process ${String(pid)}`;
  } catch {
    return "another process"; // which is just starting or ending
  }
}
