import { constants } from "node:fs";
import { copyFile, open } from "node:fs/promises";
import { syncFolders } from "../sync-folders.ts";

/**
 * Makes `target` share all blocks of `image` (FICLONE). The bytes are those of one instant, even while it is written to.
 *
 * @throws a system error; EEXIST if the target is there
 */
export async function reflink(image: string, target: string): Promise<void> {
  await copyFile(image, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
}

/** Files that were just made, and that they are there, survive a power loss from now on. */
export async function syncFiles(paths: readonly string[]): Promise<void> {
  await Promise.all(
    paths.map(async (path) => {
      const file = await open(path, "r");
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    }),
  );
  await syncFolders(paths);
}
