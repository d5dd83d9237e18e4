import { Failure, isFailure } from "./failure.ts";
import { openDatabase } from "./sqlite.ts";

export interface FileLock {
  release(): void;
}

/** Holders keep a lock as long as they live: waiting is only for one that is just opening the file. */
const busyTimeoutMs = 100;

/**
 * Keeps what the file stands for to this process, for as long as it lives: a transaction that never ends, in a database
 * with nothing in it. SQLite's locks are the kernel's, so they go with the process, however it ends, and of several that
 * want the lock of a dead one only one gets it.
 *
 * @throws Failure "busy" if another process has the lock
 */
export async function lockFile(path: string): Promise<FileLock> {
  const db = await openDatabase({ path, busyTimeoutMs });
  try {
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if (!isFailure(error, "busy")) throw error;
    throw new Failure("busy", `another process holds ${path}; stop that one first`, { cause: error });
  }
  return {
    release() {
      db.exec("ROLLBACK");
      db.close();
    },
  };
}
