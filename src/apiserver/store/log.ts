import { Failure } from "../../lib/failure.ts";
import { type Database, openDatabase } from "../../lib/sqlite.ts";
import type { Change } from "./collection.ts";

/** One row of the revision log. */
export interface LogRow {
  readonly revision: number;
  readonly collection: string;
  readonly namespace: string;
  readonly name: string;
  readonly deleted: number;
  readonly object: Uint8Array;
}

/** The append-only log of every write, on disk. A write counts once `append` has returned. */
export interface RevisionLog {
  /** Every row that is left, oldest first. */
  rows(): Iterable<LogRow>;
  /** Changes up to this revision may have been compacted away. */
  readonly compactedTo: number;
  /** Makes all changes durable, or none. */
  append(changes: readonly Change[]): void;
  /** Drops rows that no list and no watch can ask for any more. */
  compact(revisions: readonly number[], compactedTo: number): void;
  close(): void;
}

/** Raised when the tables change in a way that an older groupsnap cannot read. */
const formatVersion = 1;

/** Opens the log at `path`, making it where there is none. @throws Failure "precondition" for a damaged or newer file */
export async function openLog(path: string): Promise<RevisionLog> {
  const database = await openDatabase({ path, synchronous: "full" });
  try {
    return prepareLog(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepareLog(database: Database, path: string): RevisionLog {
  const found = database.prepare<{ user_version: number }>("PRAGMA user_version").get()?.user_version ?? 0;
  if (found > formatVersion)
    throw new Failure(
      "precondition",
      `${path} was written by a newer groupsnap (format ${found}); use that one to open it`,
    );
  database.exec(`
    PRAGMA user_version = ${formatVersion};
    CREATE TABLE IF NOT EXISTS log (
      revision INTEGER PRIMARY KEY, collection TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
      deleted INTEGER NOT NULL, object BLOB NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS compaction (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), revision INTEGER NOT NULL) STRICT;
    INSERT OR IGNORE INTO compaction VALUES (1, 0);
  `);
  const insert = database.prepare("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)");
  const drop = database.prepare("DELETE FROM log WHERE revision = ?");
  const setCompacted = database.prepare("UPDATE compaction SET revision = ?");
  const rows = database.prepare<LogRow>("SELECT * FROM log ORDER BY revision");
  const compacted = database.prepare<{ revision: number }>("SELECT revision FROM compaction");
  return {
    rows: () => rows.iterate(),
    compactedTo: compacted.get()?.revision ?? 0,
    append: (changes) =>
      database.transaction(() => {
        for (const { collection, type, stored } of changes) {
          const { namespace, name } = stored.key;
          insert.run(stored.revision, collection, namespace, name, type === "DELETED" ? 1 : 0, stored.bytes);
        }
      }),
    compact: (revisions, compactedTo) =>
      database.transaction(() => {
        for (const revision of revisions) drop.run(revision);
        setCompacted.run(compactedTo);
      }),
    close: () => database.close(),
  };
}
