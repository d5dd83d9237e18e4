import { type FileHandle, open, readFile } from "node:fs/promises";
import { Failure } from "../lib/failure.ts";
import type { VolumeIo } from "./volume.ts";

/**
 * A volume that is a block device, or a file on a mounted volume.
 *
 * @param createBytes makes the file, this large, if there is none
 * @throws Failure "notFound" if there is none and it is not to be made; "invalid" if it cannot be opened for writing
 */
export async function openFileVolume(options: {
  readonly path: string;
  readonly createBytes?: number;
}): Promise<VolumeIo> {
  const { path } = options;
  const file = (await openExisting(path)) ?? (await create(path, options.createBytes));
  const sizeBytes = await sizeOf(file);
  return {
    name: path,
    sizeBytes,
    async read(offset, length) {
      const data = Buffer.alloc(length);
      await eachPart(
        data,
        (part, at) => file.read(part, 0, part.length, offset + at).then(({ bytesRead }) => bytesRead),
        path,
      );
      return data;
    },
    write: (offset, data) =>
      eachPart(
        data,
        (part, at) => file.write(part, 0, part.length, offset + at).then(({ bytesWritten }) => bytesWritten),
        path,
      ),
    flush: () => file.datasync(),
    close: () => file.close(),
  };
}

async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    const hint = hasCode(error, "EISDIR") ? "it is a folder; name a file in it" : String(error);
    throw new Failure("invalid", `cannot open ${path} for the order test: ${hint}`, { cause: error });
  }
}

async function create(path: string, sizeBytes: number | undefined): Promise<FileHandle> {
  if (sizeBytes === undefined) throw new Failure("notFound", `there is no volume at ${path}`);
  try {
    const file = await open(path, "wx+", 0o600);
    await file.truncate(sizeBytes);
    await file.sync();
    return file;
  } catch (error) {
    throw new Failure("invalid", `cannot make ${path} for the order test: ${String(error)}`, { cause: error });
  }
}

const hasCode = (error: unknown, code: string) => error instanceof Error && "code" in error && error.code === code;

/** The kernel counts a block device's size in sectors of 512 bytes, whatever its own sectors are. */
async function sizeOf(file: FileHandle): Promise<number> {
  const stats = await file.stat();
  if (!stats.isBlockDevice()) return stats.size;
  const major = Math.floor(stats.rdev / 256) & 0xfff;
  const minor = (stats.rdev & 0xff) | (Math.floor(stats.rdev / 4096) & 0xfff00);
  return Number(await readFile(`/sys/dev/block/${major}:${minor}/size`, "utf8")) * 512;
}

/** Calls `move` until all of `data` has been moved; the system may take less at a time. */
async function eachPart(
  data: Buffer,
  move: (part: Buffer, at: number) => Promise<number>,
  path: string,
): Promise<void> {
  for (let at = 0; at < data.length; ) {
    const moved = await move(data.subarray(at), at);
    if (moved === 0) throw new Failure("outOfRange", `${path} ends ${data.length - at} bytes too early`);
    at += moved;
  }
}
