import { stat } from "node:fs/promises";
import { join } from "node:path";
import { openFileVolume } from "./file-volume.ts";
import { openNbdVolume } from "./nbd-volume.ts";
import type { VolumeIo } from "./volume.ts";

/** The socket in the target folder of a published filesystem volume. */
const socketName = "volume.nbd";

/**
 * Opens whatever stands at `path`: an NBD socket, a folder with `volume.nbd` in it, a block device or a file.
 *
 * @param fileName of the file to open in any other folder
 * @param createBytes makes a file, this large, where nothing stands
 */
export async function openVolume(options: {
  readonly path: string;
  readonly signal: AbortSignal;
  readonly createBytes?: number;
  readonly fileName?: string;
}): Promise<VolumeIo> {
  const { path, signal, fileName } = options;
  if (await isSocket(path)) return openNbdVolume({ path, signal });
  const inside = join(path, socketName);
  if (await isSocket(inside)) return openNbdVolume({ path: inside, signal });
  return openFileVolume(fileName && (await isFolder(path)) ? { ...options, path: join(path, fileName) } : options);
}

async function isSocket(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isSocket(),
    () => false, // nothing there: opening it will say so
  );
}

const isFolder = (path: string) =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false, // likewise
  );

/**
 * Opens all of `paths`, or none.
 *
 * @param signal ends the opening; what is open then is not closed by it, so that writes under way can be finished
 */
export async function openVolumes(options: {
  readonly paths: readonly string[];
  readonly signal: AbortSignal;
  readonly createBytes?: number;
}): Promise<readonly VolumeIo[]> {
  const { paths, signal, ...rest } = options;
  signal.throwIfAborted();
  const opening = new AbortController();
  const giveUp = () => opening.abort(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  const results = await Promise.allSettled(paths.map((path) => openVolume({ path, signal: opening.signal, ...rest })));
  signal.removeEventListener("abort", giveUp);
  const opened = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  if (!failed) return opened;
  await Promise.allSettled(opened.map((volume) => volume.close()));
  throw failed.reason;
}
