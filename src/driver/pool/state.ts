import { Failure } from "../../lib/failure.ts";
import { type Database, openDatabase, type SqlValue } from "../../lib/sqlite.ts";
import type { Consistency } from "../cut/cut-engine.ts";
import type { GroupRecord, HoldRecord, Reached, SnapshotRecord, State, UseRecord, VolumeRecord } from "./records.ts";

const schemaVersion = 3;
const schema = `
  CREATE TABLE volumes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL, source_kind TEXT, source_id TEXT, state TEXT NOT NULL) STRICT;
  CREATE TABLE groups (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, taken_at TEXT NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE TABLE snapshots (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT UNIQUE,
    group_id TEXT REFERENCES groups (id), volume_id TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    stored_bytes INTEGER NOT NULL, taken_at TEXT NOT NULL, consistency TEXT NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE INDEX snapshots_by_group ON snapshots (group_id);
  CREATE INDEX snapshots_by_volume ON snapshots (volume_id);
  CREATE TABLE uses (
    path TEXT PRIMARY KEY, volume_id TEXT NOT NULL REFERENCES volumes (id), kind TEXT NOT NULL,
    access TEXT NOT NULL, read_only INTEGER NOT NULL, is_alone INTEGER NOT NULL,
    reached TEXT NOT NULL DEFAULT 'nbd') STRICT;
  CREATE TABLE holds (path TEXT PRIMARY KEY, device TEXT NOT NULL) STRICT;
  CREATE TABLE served (reached TEXT PRIMARY KEY) STRICT;
`;
/** What each version lacks for the next one. */
const steps: Readonly<Record<number, string>> = {
  1: `
    ALTER TABLE uses ADD COLUMN reached TEXT NOT NULL DEFAULT 'nbd';
    CREATE TABLE holds (path TEXT PRIMARY KEY, device TEXT NOT NULL) STRICT;`,
  2: `
    CREATE TABLE served (reached TEXT PRIMARY KEY) STRICT;
    INSERT INTO served SELECT DISTINCT reached FROM uses;`,
};

/**
 * What the pool holds and what it was about to do: every intent is committed, to the disk, before files are touched, and
 * every outcome after. All calls are synchronous and short; the volumes' own I/O runs in another process.
 */
export interface PoolState {
  readonly volumes: Table<VolumeRecord>;
  readonly snapshots: Table<SnapshotRecord>;
  readonly groups: Table<GroupRecord>;
  readonly uses: Table<UseRecord>;
  /** Filesystems that may be frozen. */
  readonly holds: Table<HoldRecord>;
  /**
   * How what is in the pool was reached; undefined while nobody has written to it. What was written through a socket
   * need not be a filesystem, and a driver that mounts would format it.
   */
  served(): Reached | undefined;
  /** Remembers it, for as long as there are volumes or snapshots. */
  serve(reached: Reached): void;
  /** No volume was ever made by this state: images that are there belong to another one. */
  isUnused(): boolean;
  /** All or nothing. */
  transaction<T>(work: () => T): T;
  /** Sizes promised to volumes and bytes stored in snapshots, whatever state they are in. */
  promisedBytes(): number;
  close(): void;
}

/** `where` is SQL with its values; the callers are the files of this folder. */
interface Table<T> {
  find(where: string, ...values: readonly SqlValue[]): T | undefined;
  list(where: string, ...values: readonly SqlValue[]): readonly T[];
  insert(record: Omit<T, "seq">): void;
  update(set: string, ...values: readonly SqlValue[]): void;
  remove(where: string, ...values: readonly SqlValue[]): void;
}

/** Opens the pool's state. @throws Failure "precondition" if it is damaged or was written by a newer version */
export async function openState(path: string): Promise<PoolState> {
  const db = await openDatabase({ path });
  try {
    migrate(db, path);
    return stateOf(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: Database, path: string): void {
  const version = db.prepare<{ user_version: number }>("PRAGMA user_version").get()?.user_version ?? 0;
  if (version > schemaVersion)
    throw new Failure("precondition", `${path} was written by a newer version (${version}); use that one`);
  if (version === schemaVersion) return;
  db.transaction(() => {
    if (version === 0) db.exec(schema);
    else for (let from = version; from < schemaVersion; from++) db.exec(steps[from] ?? "");
    db.exec(`PRAGMA user_version = ${schemaVersion}`);
  });
}

function stateOf(db: Database): PoolState {
  const promised = db.prepare<{ bytes: number }>(
    `SELECT (SELECT coalesce(sum(size_bytes), 0) FROM volumes) + (SELECT coalesce(sum(stored_bytes), 0) FROM snapshots)
     AS bytes`,
  );
  const holdsAny = "EXISTS (SELECT 1 FROM volumes) OR EXISTS (SELECT 1 FROM snapshots)";
  const served = db.prepare<Row>(`SELECT reached FROM served WHERE ${holdsAny}`);
  const everMade = db.prepare("SELECT 1 FROM sqlite_sequence WHERE name = 'volumes'"); // where AUTOINCREMENT counts
  const forgetOfEmpty = db.prepare(`DELETE FROM served WHERE NOT (${holdsAny})`);
  const volumes = table(db, "volumes", volumeOf, rowOfVolume);
  return {
    served() {
      const row = served.get();
      return row && reachedIn(row);
    },
    serve(reached) {
      db.transaction(() => {
        db.exec("DELETE FROM served");
        db.prepare("INSERT INTO served VALUES (?)").run(reached);
      });
    },
    volumes: {
      ...volumes,
      insert(volume) {
        forgetOfEmpty.run(); // nobody has written to the first one of a pool that was empty
        volumes.insert(volume);
      },
    },
    snapshots: table(db, "snapshots", snapshotOf, rowOfSnapshot),
    groups: table(db, "groups", groupOf, rowOfGroup),
    uses: table(db, "uses", useOf, rowOfUse),
    holds: table(db, "holds", holdOf, (hold) => ({ ...hold })),
    isUnused: () => everMade.get() === undefined,
    transaction: (work) => db.transaction(work),
    promisedBytes: () => Number(promised.get()?.bytes ?? 0),
    close: () => db.close(),
  };
}

type Row = Readonly<Record<string, SqlValue>>;

function table<T>(
  db: Database,
  name: string,
  parse: (row: Row) => T,
  format: (record: Omit<T, "seq">) => Row,
): Table<T> {
  const statements = new Map<string, ReturnType<typeof db.prepare<Row>>>();
  const prepare = (sql: string) => {
    const known = statements.get(sql) ?? db.prepare<Row>(sql);
    statements.set(sql, known);
    return known;
  };
  return {
    find(where, ...values) {
      const row = prepare(`SELECT * FROM ${name} WHERE ${where}`).get(...values);
      return row === undefined ? undefined : parse(row);
    },
    list: (where, ...values) =>
      prepare(`SELECT * FROM ${name} WHERE ${where}`)
        .all(...values)
        .map(parse),
    insert(record) {
      const row = format(record);
      const columns = Object.keys(row);
      const places = columns.map(() => "?").join(", ");
      prepare(`INSERT INTO ${name} (${columns.join(", ")}) VALUES (${places})`).run(...Object.values(row));
    },
    update: (set, ...values) => void prepare(`UPDATE ${name} SET ${set}`).run(...values),
    remove: (where, ...values) => void prepare(`DELETE FROM ${name} WHERE ${where}`).run(...values),
  };
}

// Rows are ours: STRICT tables hold what was put in, so a column is what its name says.
const text = (row: Row, column: string) => String(row[column]);
const optional = (row: Row, column: string) => (row[column] === null ? undefined : text(row, column));
const integer = (row: Row, column: string) => Number(row[column]);
const reachedIn = (row: Row): Reached => (text(row, "reached") === "loop" ? "loop" : "nbd");
const stateIn = (row: Row) => text(row, "state") as State;

function volumeOf(row: Row): VolumeRecord {
  const sourceId = optional(row, "source_id");
  const kind = text(row, "source_kind") === "snapshot" ? "snapshot" : "volume";
  return {
    seq: integer(row, "seq"),
    id: text(row, "id"),
    name: text(row, "name"),
    sizeBytes: integer(row, "size_bytes"),
    source: sourceId === undefined ? undefined : { kind, id: sourceId },
    state: stateIn(row),
  };
}

const rowOfVolume = (volume: Omit<VolumeRecord, "seq">): Row => ({
  id: volume.id,
  name: volume.name,
  size_bytes: volume.sizeBytes,
  source_kind: volume.source?.kind ?? null,
  source_id: volume.source?.id ?? null,
  state: volume.state,
});

const snapshotOf = (row: Row): SnapshotRecord => ({
  seq: integer(row, "seq"),
  id: text(row, "id"),
  name: optional(row, "name"),
  groupId: optional(row, "group_id"),
  volumeId: text(row, "volume_id"),
  sizeBytes: integer(row, "size_bytes"),
  storedBytes: integer(row, "stored_bytes"),
  takenAt: new Date(text(row, "taken_at")),
  consistency: text(row, "consistency") as Consistency,
  state: stateIn(row),
});

const rowOfSnapshot = (snapshot: Omit<SnapshotRecord, "seq">): Row => ({
  id: snapshot.id,
  name: snapshot.name ?? null,
  group_id: snapshot.groupId ?? null,
  volume_id: snapshot.volumeId,
  size_bytes: snapshot.sizeBytes,
  stored_bytes: snapshot.storedBytes,
  taken_at: snapshot.takenAt.toISOString(),
  consistency: snapshot.consistency,
  state: snapshot.state,
});

const groupOf = (row: Row): GroupRecord => ({
  id: text(row, "id"),
  name: text(row, "name"),
  takenAt: new Date(text(row, "taken_at")),
  state: stateIn(row),
});

const rowOfGroup = (group: GroupRecord): Row => ({
  id: group.id,
  name: group.name,
  taken_at: group.takenAt.toISOString(),
  state: group.state,
});

const holdOf = (row: Row): HoldRecord => ({ path: text(row, "path"), device: text(row, "device") });

const useOf = (row: Row): UseRecord => ({
  path: text(row, "path"),
  volumeId: text(row, "volume_id"),
  kind: text(row, "kind") === "stage" ? "stage" : "publish",
  access: text(row, "access") === "block" ? "block" : "filesystem",
  readOnly: integer(row, "read_only") === 1,
  isAlone: integer(row, "is_alone") === 1,
  reached: reachedIn(row),
});

const rowOfUse = (use: UseRecord): Row => ({
  path: use.path,
  volume_id: use.volumeId,
  kind: use.kind,
  access: use.access,
  read_only: use.readOnly ? 1 : 0,
  is_alone: use.isAlone ? 1 : 0,
  reached: use.reached,
});
