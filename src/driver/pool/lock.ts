import { Failure, isFailure } from "../../lib/failure.ts";
import { openDatabase } from "../../lib/sqlite.ts";

export interface PoolLock {
  release(): void;
}

/**
 * Keeps the pool to this process, for as long as it lives: a transaction that never ends, in a database with nothing in
 * it. SQLite's locks are the kernel's, so they go with the process, however it ends.
 *
 * @throws Failure "busy" if another driver has the pool
 */
export async function lockPool(path: string): Promise<PoolLock> {
  const db = await openDatabase({ path });
  try {
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if (!isFailure(error, "busy")) throw error;
    throw new Failure("busy", `another driver has this pool (${path} is locked); stop that one first`, {
      cause: error,
    });
  }
  return {
    release() {
      db.exec("ROLLBACK");
      db.close();
    },
  };
}
