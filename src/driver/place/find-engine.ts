import { rm } from "node:fs/promises";
import { Failure, failureOf } from "../../lib/failure.ts";
import { probeLoops } from "../filesystem/probe.ts";
import { systemFiles } from "../pool/files.ts";
import { mountPoolImage, type PoolImage, unmountPoolImage } from "../pool/pool-image.ts";
import { sizeUnitBytes } from "../pool/sizes.ts";
import { type TryDeps, tryEngines } from "./try-engines.ts";

/** Paths of a data folder. */
export interface Whereabouts {
  readonly dataDir: string;
  readonly pool: string;
  /** Holds the pool where the folder's own filesystem will not do. */
  readonly image: string;
}

export interface FindDeps extends TryDeps {
  readonly signal: AbortSignal;
}

/** Of what the folder's filesystem has free: the image is sparse, and is not to promise more than there is. */
const imagePart = 0.9;

/**
 * Which engine can mount volumes here: with a pool in the data folder as it is, else in an image, which then is mounted.
 *
 * @param wish an engine's name, or "auto"
 * @returns undefined if none can, and none is needed
 * @throws Failure "precondition" with what was found, if none can, and one was asked for or an image is there
 */
export async function findEngine(where: Whereabouts, wish: string, deps: FindDeps): Promise<string | undefined> {
  const findings: string[] = [];
  for (const { name, attempt } of await attemptsAt(where, wish, deps))
    try {
      return await attempt();
    } catch (error) {
      deps.signal.throwIfAborted();
      findings.push(`${name}: ${failureOf(error).message}`);
    }
  if (wish !== "auto" || (await systemFiles.find(where.image)) !== undefined)
    throw new Failure("precondition", `volumes cannot be mounted here. ${findings.join("; ")}`);
  deps.log.info({ findings }, "volumes cannot be mounted here: they are served at sockets");
  return undefined;
}

interface Attempt {
  readonly name: string;
  readonly attempt: () => Promise<string>;
}

async function attemptsAt(where: Whereabouts, wish: string, deps: FindDeps): Promise<readonly Attempt[]> {
  const types = wish === "freeze" ? (["xfs", "btrfs"] as const) : (["btrfs", "xfs"] as const);
  const inImage = types.map((type) => ({
    name: `an image with ${type}`,
    attempt: () => tryImage(where, { type, wish }, deps),
  }));
  if ((await systemFiles.find(where.image)) !== undefined) return inImage;
  return [{ name: "the folder itself", attempt: () => tryEngines(where.dataDir, wish, deps) }, ...inImage];
}

/** Makes and mounts it. One that we made goes again if no engine works with it. */
async function tryImage(
  { dataDir, pool, image: path }: Whereabouts,
  { type, wish }: { readonly type: PoolImage["type"]; readonly wish: string },
  deps: FindDeps,
): Promise<string> {
  await probeLoops({ folder: dataDir, files: systemFiles, loops: deps.loops });
  const { sizeBytes: knownBytes = 0 } = (await systemFiles.find(path)) ?? {};
  try {
    await mountPoolImage({ path, sizeBytes: knownBytes || (await roomFor(dataDir)), type }, pool, deps);
    return await tryEngines(pool, wish, deps);
  } catch (error) {
    if (knownBytes === 0) {
      await unmountPoolImage(path, pool, deps);
      await rm(path, { force: true });
    }
    throw error;
  }
}

async function roomFor(folder: string): Promise<number> {
  const roomBytes = (await systemFiles.freeBytes(folder)) * imagePart;
  return Math.floor(roomBytes / sizeUnitBytes) * sizeUnitBytes;
}
