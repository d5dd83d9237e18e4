import { existsSync, readFileSync } from "node:fs";
import { chown, mkdir, readdir, readlink, rm, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { exec } from "../../lib/exec.ts";
import { Failure } from "../../lib/failure.ts";
import { talk } from "./talk.ts";

/** A PostgreSQL server over three folders: `data`, `wal`, and `east` for a tablespace of that name. */
export interface PostgresServer {
  /** Whether it had to recover when it was started, as after a crash. */
  readonly recovered: boolean;
  /** Runs a script; gives the rows that it yields. @throws Failure with the server's reason */
  run(sql: string): Promise<readonly (readonly string[])[]>;
  /** How a client program of PostgreSQL's reaches it. */
  client(program: string, ...args: readonly string[]): readonly [string, ...string[]];
  /** Ends it in order, as `pg_ctl stop -m fast` does. */
  stop(): Promise<void>;
}

const signal = new AbortController().signal;
/** Of one call of a tool, or one query; the machine may be busy. */
const limits = { timeoutMs: 120_000, signal, env: { LC_ALL: "C" } };
/** Where Debian has the versions of PostgreSQL; their server programs are on no PATH. */
const versionsFolder = "/usr/lib/postgresql";

/** The tools of one installed version, the newest. */
export interface PostgresTools {
  readonly bin: string;
}

/** @throws Failure "precondition" with the package to install */
export async function postgresTools(): Promise<PostgresTools> {
  const versions = await readdir(versionsFolder).catch(() => []);
  for (const version of versions.toSorted((a, b) => Number(b) - Number(a))) {
    const bin = join(versionsFolder, version, "bin");
    if ((await readdir(bin)).includes("postgres")) return { bin };
  }
  throw new Failure("precondition", "PostgreSQL's server is not installed: install the package postgresql");
}

/** The server refuses root. It is killed with who started it: else it would keep the volumes busy. */
const asPostgres = [
  "setpriv",
  "--reuid=postgres",
  "--regid=postgres",
  "--init-groups",
  "--pdeathsig=KILL",
  "--",
] as const;

/** Small buffers, so that data files are written all the time; small log, so that there are checkpoints often. */
const settings = [
  "shared_buffers=2MB",
  "max_wal_size=8MB",
  "min_wal_size=2MB",
  "checkpoint_timeout=30s",
  "fsync=on",
  "full_page_writes=on",
  "synchronous_commit=on",
  "listen_addresses=",
  "max_connections=30",
  "dynamic_shared_memory_type=mmap", // nothing in /dev/shm that could stay behind
];

/** Makes a database cluster, with checksums, in three empty folders. Its links are relative: copies may be anywhere. */
export async function initPostgres(folder: string, { bin }: PostgresTools): Promise<void> {
  await mkdir(join(folder, "east", "space"));
  const own = ["data", "wal", "east", "east/space"];
  for (const name of own) await chown(join(folder, name), await ownerId(), -1);
  const [data, wal] = [join(folder, "data", "pgdata"), join(folder, "wal", "pg_wal")];
  const how = ["--data-checksums", "--wal-segsize=1", "--auth=trust", "--encoding=UTF8", "--locale=C"];
  await exec([...asPostgres, join(bin, "initdb"), "-D", data, "--waldir", wal, ...how], limits);
  await makeRelative(join(data, "pg_wal"));
  const server = await startPostgres(folder, { bin });
  await server.run(`CREATE TABLESPACE east LOCATION '${join(folder, "east", "space")}';`);
  await server.stop();
  const spaces = join(data, "pg_tblspc");
  for (const name of await readdir(spaces)) await makeRelative(join(spaces, name));
}

const ownerId = async () => Number((await exec(["id", "-u", "postgres"], limits)).stdout);

async function makeRelative(link: string): Promise<void> {
  const target = await readlink(link);
  await rm(link);
  await symlink(relative(dirname(link), target), link);
}

/**
 * Starts the server in a pid namespace of its own, as in a container: that ends with all its processes, and the process id in
 * the lock file of a restored copy means nobody else's process.
 *
 * @throws Failure "unavailable" with the end of its log if it ends before it accepts connections
 */
export async function startPostgres(folder: string, { bin }: PostgresTools): Promise<PostgresServer> {
  const sockets = join(folder, "sockets");
  await mkdir(sockets, { recursive: true, mode: 0o700 });
  await chown(sockets, await ownerId(), -1);
  const namespace = ["unshare", "--pid", "--ipc", "--fork", "--kill-child=KILL"] as const;
  const how = settings.flatMap((setting) => ["-c", setting]);
  const argv = [...asPostgres, join(bin, "postgres"), "-D", join(folder, "data", "pgdata"), "-k", sockets, ...how];
  let recovered = false;
  const server = talk("PostgreSQL", [...namespace, ...argv], (line) => {
    if (line.includes("automatic recovery in progress")) recovered = true;
  });
  await server.until(/ready to accept connections/).catch(async (error: unknown) => {
    await server.end("SIGKILL");
    throw error;
  });
  const client = (program: string, ...args: readonly string[]) =>
    [join(bin, program), "-h", sockets, "-U", "postgres", ...args] as const;
  return {
    recovered,
    client,
    async run(sql) {
      const { stdout } = await exec([...client("psql", ...quietly)], { ...limits, input: sql });
      return stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.split("|")]));
    },
    async stop() {
      const status = await server.end("SIGINT", firstChildOf(server.pid));
      if (status !== 0) throw new Failure("internal", `PostgreSQL in ${folder} ended with status ${status}`);
    },
  };
}

/** Rows without decoration; a failed statement ends it. */
export const quietly = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", "postgres"];

/** Of a cluster that was ended in order. @throws Failure with what it found */
export async function verifyChecksums(folder: string, { bin }: PostgresTools): Promise<void> {
  await exec([...asPostgres, join(bin, "pg_checksums"), "--check", "-D", join(folder, "data", "pgdata")], limits);
}

/** What `unshare` started (proc_pid_task(5)); 0 once it has ended. */
function firstChildOf(pid: number): number {
  const list = `/proc/${pid}/task/${pid}/children`;
  return existsSync(list) ? Number.parseInt(readFileSync(list, "utf8") || "0", 10) : 0;
}
