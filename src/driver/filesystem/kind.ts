import { statfs } from "node:fs/promises";

/** statfs's f_type (linux/magic.h). */
const magic = { btrfs: 0x9123683e, xfs: 0x58465342 } as const;

/** Whether a path is on btrfs. */
export const isBtrfs = (path: string) => isOn(path, "btrfs");
/** Whether a path is on XFS. */
export const isXfs = (path: string) => isOn(path, "xfs");

async function isOn(path: string, kind: keyof typeof magic): Promise<boolean> {
  return (await statfs(path)).type === magic[kind];
}
