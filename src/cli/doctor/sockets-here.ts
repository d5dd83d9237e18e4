import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Where the CSI drivers of this machine have their sockets, as far as it is a node and one may look. */
export async function socketsHere(kubeletDir: string): Promise<readonly string[]> {
  const plugins = join(kubeletDir, "plugins");
  const names = await readdir(plugins).catch((): string[] => []); // most who ask stand elsewhere
  const sockets: string[] = [];
  for (const name of names.toSorted()) {
    const path = join(plugins, name, "csi.sock");
    const found = await stat(path).catch(() => undefined); // folders of others have other things in them
    if (found?.isSocket()) sockets.push(path);
  }
  return sockets;
}
