import { closeSync, openSync } from "node:fs";
import { type Code, Failure, failureOf } from "./failure.ts";

export type SqlValue = null | number | bigint | string | Uint8Array;
type Row = Readonly<Record<string, SqlValue>>;

/** One SQLite file, used synchronously. What it throws are Failures: "exhausted" when the disk is full, "busy", … */
export interface Database {
  /** Runs statements without parameters, for schema and pragmas. */
  exec(sql: string): void;
  /** A statement to be kept and used many times. `T` is the row it yields: the caller knows its own columns. */
  prepare<T extends object = Row>(sql: string): Statement<T>;
  /** Runs `work` in one transaction: all of it is kept when it returns, nothing when it throws. */
  transaction<T>(work: () => T): T;
  /** Waits for nothing and loses nothing; the file may be opened again. */
  close(): void;
}

export interface Statement<T> {
  run(...values: readonly SqlValue[]): { readonly changes: number };
  get(...values: readonly SqlValue[]): T | undefined;
  all(...values: readonly SqlValue[]): readonly T[];
  /** Rows one by one, for tables too large to hold. */
  iterate(...values: readonly SqlValue[]): Iterable<T>;
}

export interface DatabaseOptions {
  /** Absolute path; ":memory:" for one that lives no longer than the process. */
  readonly path: string;
  /** "full": a commit survives power loss. "normal": it survives the death of the process; the last ones may go with the power. */
  readonly synchronous?: "full" | "normal";
  /** How long to wait for others to let go of the file: 2 s, longer than any transaction of ours takes. */
  readonly busyTimeoutMs?: number;
}

/**
 * Opens a database in WAL mode, creating it, for its owner only, if it is absent.
 *
 * @throws Failure "precondition" if the file is damaged or not SQLite, with what to do about it; "busy" if another process
 *   has it locked; "unimplemented" if this Node has no SQLite and none is installed
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const Native = await nativeDatabase();
  const failure = (error: unknown) => sqlFailure(options.path, error);
  const guard = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw failure(error);
    }
  };
  if (options.path !== ":memory:") guard(() => makeFile(options.path));
  const native = guard(() => new Native(options.path));
  try {
    prepareFile(native, options);
  } catch (error) {
    native.close();
    throw failure(error);
  }
  return {
    exec: (sql) => guard(() => native.exec(sql)),
    prepare: <T extends object>(sql: string) =>
      guardedStatement<T>(
        guard(() => native.prepare(sql)),
        guard,
      ),
    transaction: (work) => {
      guard(() => native.exec("BEGIN IMMEDIATE"));
      try {
        const result = work();
        guard(() => native.exec("COMMIT"));
        return result;
      } catch (error) {
        rollback(native);
        throw error;
      }
    },
    close: () =>
      guard(() => {
        native.exec("PRAGMA wal_checkpoint(TRUNCATE)"); // else statements not yet collected keep the log file alive
        native.close();
      }),
  };
}

/** SQLite itself would let everybody read; the files it puts beside this one get the same mode. */
function makeFile(path: string): void {
  closeSync(openSync(path, "a", 0o600));
}

/** Ends a transaction that failed. Some failures, a full disk among them, have ended it already. */
function rollback(native: NativeDatabase): void {
  try {
    native.exec("ROLLBACK");
  } catch (error) {
    if (!/no transaction is active/.test(String(error))) throw error;
  }
}

function prepareFile(native: NativeDatabase, options: DatabaseOptions): void {
  native.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs ?? 2000}`);
  native.exec("PRAGMA journal_mode = WAL");
  native.exec(`PRAGMA synchronous = ${options.synchronous ?? "full"}`);
  native.exec("PRAGMA foreign_keys = ON");
  const answer: unknown = Object.values(native.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
  if (answer !== "ok") throw new Error(`database disk image is malformed: ${String(answer)}`);
}

function guardedStatement<T>(native: NativeStatement, guard: <R>(work: () => R) => R): Statement<T> {
  return {
    run: (...values) => guard(() => ({ changes: Number(native.run(...values).changes) })),
    get: (...values) => guard(() => native.get(...values) as T | undefined), // the caller wrote the SELECT
    all: (...values) => guard(() => native.all(...values) as T[]), // likewise
    iterate: (...values) => guard(() => native.iterate(...values) as Iterable<T>), // likewise
  };
}

const causes: readonly { readonly sign: RegExp; readonly code: Code; readonly advice: string }[] = [
  {
    sign: /not a database|malformed|corrupt/i,
    code: "precondition",
    advice:
      "the file is damaged or belongs to another program; restore it from a backup, or move it away to start empty",
  },
  { sign: /is full|disk I\/O error/i, code: "exhausted", advice: "make room on its disk and try again" },
  { sign: /locked|busy/i, code: "busy", advice: "another process is using it; stop that one first" },
  {
    sign: /unable to open|readonly|ENOENT|ENOTDIR|EISDIR|EACCES/i,
    code: "precondition",
    advice: "check that its folder exists and is writable",
  },
];

function sqlFailure(path: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const text = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, " "); // one line
  const cause = causes.find(({ sign }) => sign.test(text));
  if (!cause) return failureOf(error);
  return new Failure(cause.code, `cannot use the database ${path}: ${text}; ${cause.advice}`, { cause: error });
}

/** What node:sqlite and @photostructure/sqlite have in common, as far as it is used here. */
interface NativeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NativeStatement;
  close(): void;
}
interface NativeStatement {
  run(...values: readonly SqlValue[]): { readonly changes: number | bigint };
  get(...values: readonly SqlValue[]): object | undefined;
  all(...values: readonly SqlValue[]): object[];
  iterate(...values: readonly SqlValue[]): Iterable<object>;
}
type NativeConstructor = new (path: string) => NativeDatabase;

/** Node's own SQLite (22.13 and newer) or, on Node 20, the package that has the same interface. */
async function nativeDatabase(): Promise<NativeConstructor> {
  const builtIn = quietly(() => process.getBuiltinModule?.("node:sqlite"));
  if (builtIn) return (builtIn as { DatabaseSync: NativeConstructor }).DatabaseSync; // @types/node 20 does not know it
  try {
    return (await import("@photostructure/sqlite")).DatabaseSync as unknown as NativeConstructor; // its types say `any`
  } catch (error) {
    const advice = "use Node 22.13 or newer, or install with optional dependencies";
    throw new Failure("unimplemented", `this Node (${process.version}) has no SQLite: ${advice}`, { cause: error });
  }
}

/** node:sqlite announces itself as experimental on every start of some Node versions; users can do nothing about it. */
function quietly<T>(load: () => T): T {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => undefined;
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
