import { open } from "node:fs/promises";
import { dirname } from "node:path";

/** Syncs the folders of these files: a new file is there, and a deleted one gone, after a power loss only then. */
export async function syncFolders(paths: readonly string[]): Promise<void> {
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    const handle = await open(folder);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
