import { lstat, readFile, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Failure } from "../../lib/failure.ts";
import type { Tools } from "./tools.ts";

/** One line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface Mount {
  readonly path: string;
  /** Of the mounted filesystem: "ext4", "btrfs", "devtmpfs". */
  readonly type: string;
  /** What is mounted: "/dev/loop3". */
  readonly source: string;
  /** What of that filesystem is to be seen at the path: "/" or, of a bind mount, the folder or file in it. */
  readonly root: string;
  readonly isReadOnly: boolean;
}

export interface Mounts {
  list(): Promise<readonly Mount[]>;
  /** The topmost mount at a path. */
  at(path: string): Promise<Mount | undefined>;
  mount(what: MountRequest): Promise<void>;
  /** Shows what is at `from` at `path` too. */
  bind(what: { readonly from: string; readonly path: string; readonly readOnly: boolean }): Promise<void>;
  /** Takes every mount at the path away; none is fine. @throws Failure "busy" if somebody works in it */
  unmount(path: string): Promise<void>;
}

export interface MountRequest {
  readonly device: string;
  readonly path: string;
  readonly type: string;
  readonly flags: readonly string[];
}

/** More mounts on top of each other at one path than a repeated call could ever have made. */
const stackLimit = 16;

export function machineMounts(tools: Tools): Mounts {
  const at = async (path: string) => (await listMounts()).findLast((mount) => mount.path === path);
  return {
    list: listMounts,
    at,
    async mount({ device, path, type, flags }) {
      const options = flags.length === 0 ? [] : ["-o", flags.join(",")];
      await tools.run(["mount", "-t", type, ...options, device, path]);
    },
    async bind({ from, path, readOnly }) {
      await tools.run(["mount", "-o", readOnly ? "bind,ro" : "bind", from, path]);
    },
    async unmount(path) {
      for (let i = 0; i < stackLimit && (await at(path)) !== undefined; i++)
        await tools.run(["umount", path]).catch((error: unknown) => {
          throw new Failure("busy", `cannot unmount ${path}; end what still uses it`, { cause: error });
        });
    },
  };
}

async function listMounts(): Promise<readonly Mount[]> {
  return parseMounts(await readFile("/proc/self/mountinfo", "utf8"));
}

export function parseMounts(text: string): readonly Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after] = line.split(" - ");
    const [, , , root = "", path = "", options = ""] = before.split(" ");
    const [type = "", source = ""] = after?.split(" ") ?? [];
    if (after === undefined) return [];
    const isReadOnly = options.split(",").includes("ro");
    return [{ path: plain(path), root: plain(root), type, source: plain(source), isReadOnly }];
  });
}

/** The kernel writes space, tab, line feed and backslash as three octal digits. */
const plain = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/**
 * The path as the kernel will show it.
 *
 * Folders on the way may be links, as a kubelet's folder is on some machines. The last name may not: who can put a link
 * there would have us mount over a place of their choice.
 * @throws Failure "invalid" if it is a link; "notFound" if its folder is missing
 */
export async function mountPointOf(path: string): Promise<string> {
  const folder = await realpath(dirname(path)).catch((error: unknown) => {
    throw new Failure("notFound", `the folder of ${path} is missing: make it first`, { cause: error });
  });
  const point = join(folder, basename(path));
  const found = await lstat(point).catch(() => undefined); // nothing there yet
  if (found?.isSymbolicLink()) throw new Failure("invalid", `${path} is a symbolic link: nothing is mounted over one`);
  return point;
}
