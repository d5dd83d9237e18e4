import { join } from "node:path";
import { Failure } from "../../lib/failure.ts";
import { signatureOf } from "../filesystem/signature.ts";
import type { Tools } from "../filesystem/tools.ts";
import { systemFiles } from "../pool/files.ts";
import { mountPoolImage, type PoolImage, unmountPoolImage } from "../pool/pool-image.ts";
import { type FindDeps, findEngine, type Whereabouts } from "./find-engine.ts";
import { notedEngine, noteEngine } from "./note.ts";
import { type PlaceSeen, planPlace, socketEngine } from "./plan.ts";

/** Where a data folder has its pool, and the engine for it. */
export interface Place {
  readonly pool: string;
  /** Of the driver's databases. */
  readonly stateDir: string;
  readonly engine: string;
  /** Volumes are mounts and devices of the machine, which stay when their driver ends. */
  readonly isMounting: boolean;
}

/**
 * Makes the pool of a data folder ready for a driver: as it was made, or, in a new folder, where the wished engine works;
 * without a wish where volumes can be mounted, else where they are served at sockets. Not to be called by two at once.
 *
 * @throws Failure "precondition" if the folder is of another kind, or nothing works, with what is needed
 */
export async function openPlace(
  { dataDir, engine: wish }: { readonly dataDir: string; readonly engine: string },
  deps: FindDeps,
): Promise<Place> {
  const where = whereaboutsOf(dataDir);
  const plan = planPlace(await observe(where, wish));
  if (plan.do === "serve") return servedAt(where);
  if (plan.do === "mount") {
    const image = await imageAt(where.image, deps.tools);
    if (image) await mountPoolImage(image, where.pool, deps);
    return mountedAt(where, plan.engine);
  }
  const engine = await findEngine(where, plan.engine, deps);
  if (engine === undefined) return servedAt(where);
  await noteEngine(dataDir, engine);
  return mountedAt(where, engine);
}

const servedAt = ({ pool }: Whereabouts): Place => ({ pool, stateDir: pool, engine: socketEngine, isMounting: false });

const stateBesideImage = (dataDir: string) => join(dataDir, "driver");

/** A database in the image would keep it busy: SQLite lets go of a file only when its last statement has been collected. */
async function mountedAt({ dataDir, pool, image }: Whereabouts, engine: string): Promise<Place> {
  const stateDir = (await isThere(image)) ? stateBesideImage(dataDir) : pool;
  return { pool, stateDir, engine, isMounting: true };
}

/** Takes an image down that `openPlace` mounted. @throws Failure "busy" if volumes in it are in use, which stay so */
export async function closePlace(dataDir: string, deps: Parameters<typeof unmountPoolImage>[2]): Promise<void> {
  const { image, pool } = whereaboutsOf(dataDir);
  await unmountPoolImage(image, pool, deps);
}

const whereaboutsOf = (dataDir: string): Whereabouts => ({
  dataDir,
  pool: join(dataDir, "pool"),
  image: join(dataDir, "pool.img"),
});

async function observe({ dataDir, pool, image }: Whereabouts, wish: string): Promise<PlaceSeen> {
  const hasImage = await isThere(image);
  const hadImage = await isThere(join(stateBesideImage(dataDir), "state.db"));
  const isServed = !hasImage && (await isThere(join(pool, "state.db")));
  const madeWith = (await notedEngine(dataDir)) ?? (isServed ? socketEngine : undefined);
  return { dataDir, wish, hasImage, hadImage, madeWith, isRoot: process.getuid?.() === 0 };
}

const isThere = async (path: string) => (await systemFiles.find(path)) !== undefined;

/** As it is: of its size, with what is on it. */
async function imageAt(path: string, tools: Tools): Promise<PoolImage | undefined> {
  const found = await systemFiles.find(path);
  if (found === undefined) return undefined;
  const type = (await signatureOf(path, tools))?.type;
  if (type === "btrfs" || type === "xfs") return { path, sizeBytes: found.sizeBytes, type };
  throw new Failure("precondition", `${path} held the pool, and now holds ${type ?? "nothing"}: restore it`);
}
