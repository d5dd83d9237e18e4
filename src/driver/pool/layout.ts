import { createHash } from "node:crypto";
import { lstat, mkdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../lib/failure.ts";
import { makeFolder } from "../../lib/make-folder.ts";
import { socketPathLimitBytes } from "../../lib/socket-path.ts";

/** Where everything of one pool lies. */
export interface Layout {
  readonly pool: string;
  /** The driver's own database. */
  readonly state: string;
  readonly volumes: string;
  readonly snapshots: string;
  /** Whole cuts, for as long as snapshots are taken out of them. */
  readonly cuts: string;
  /** Holds the sockets, at paths short enough for a socket. */
  readonly sockets: string;
  /** Socket of the engine that works on this pool. */
  readonly engineLock: string;
  /** Says that a driver has this pool. */
  readonly driverLock: string;
}

const ownerOnly = 0o700;
/** The longest name put into the folder of sockets: an id and its ending. */
const socketNameBytes = 64;

/**
 * Makes the pool's folders where they are missing.
 *
 * @param stateDir of the driver's databases; the pool if absent
 *
 * Sockets lie in the pool if its path is short enough, else in a folder of the system's temporary directory whose name
 * follows from the pool's path, so that a link to a socket stays right when the driver starts again.
 * @throws Failure "precondition" if the folder cannot be used
 */
export async function prepareLayout(poolDir: string, stateDir = poolDir): Promise<Layout> {
  try {
    makeFolder(poolDir);
    makeFolder(stateDir);
    const pool = await realpath(poolDir);
    const volumes = join(pool, "volumes");
    const snapshots = join(pool, "snapshots");
    const cuts = join(pool, "cuts");
    const sockets = socketFolder(pool);
    for (const folder of [volumes, snapshots, cuts, sockets]) await mkdir(folder, { recursive: true, mode: ownerOnly });
    await checkOwner(sockets);
    const engineLock = join(sockets, "engine.sock");
    const [state, driverLock] = [join(stateDir, "state.db"), join(stateDir, "lock.db")];
    return { pool, volumes, snapshots, cuts, sockets, state, engineLock, driverLock };
  } catch (error) {
    if (error instanceof Failure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure("precondition", `cannot use ${poolDir} as a pool: ${reason}`, { cause: error });
  }
}

/** Takes the sockets away once nothing is served any more: nobody else cleans up a folder of ours. */
export async function removeSockets({ sockets }: Layout): Promise<void> {
  await rm(sockets, { recursive: true, force: true });
}

function socketFolder(pool: string): string {
  const inside = join(pool, "run");
  if (Buffer.byteLength(inside) + 1 + socketNameBytes <= socketPathLimitBytes) return inside;
  const name = createHash("sha256").update(pool).digest("hex").slice(0, 16);
  return join(tmpdir(), `groupsnap-${name}`);
}

/** A temporary directory is everyone's: what somebody else put there under our name is not used. */
async function checkOwner(folder: string): Promise<void> {
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0) return;
  throw new Failure("precondition", `cannot put sockets into ${folder}: it must be a folder that is ours alone (0700)`);
}

export const volumeImage = (layout: Layout, id: string) => join(layout.volumes, `${id}.img`);
export const snapshotImage = (layout: Layout, id: string) => join(layout.snapshots, `${id}.img`);
/** The socket at which a volume is served, for reading and writing or for reading alone. */
export const socketOf = (layout: Layout, volume: string, readOnly: boolean) =>
  join(layout.sockets, `${volume}${readOnly ? ".ro" : ""}.nbd`);
