import { type ExecResult, exec } from "../../lib/exec.ts";
import { Failure, isFailure } from "../../lib/failure.ts";

/** Runs the machine's storage tools (mount, losetup, mkfs ...), each an argv of its own. */
export interface Tools {
  /**
   * @param accept exit statuses beside 0 that are no failure for this tool
   * @throws Failure "precondition" that names the package of a tool that is missing; as `exec`
   */
  run(argv: readonly [string, ...string[]], options?: { readonly accept?: readonly number[] }): Promise<ExecResult>;
}

/** Tools answer in milliseconds; only formatting and checking large volumes takes seconds. */
const timeoutMs = 120_000;

/** The tools that the driver runs, and Debian's names of their packages. */
export const packageOf: Readonly<Record<string, string>> = {
  mount: "mount",
  umount: "mount",
  losetup: "mount",
  wipefs: "util-linux",
  sync: "coreutils",
  btrfs: "btrfs-progs",
  "mkfs.btrfs": "btrfs-progs",
  "mkfs.xfs": "xfsprogs",
  xfs_growfs: "xfsprogs",
  xfs_db: "xfsprogs",
  "mkfs.ext4": "e2fsprogs",
  tune2fs: "e2fsprogs",
  e2fsck: "e2fsprogs",
  resize2fs: "e2fsprogs",
  dumpe2fs: "e2fsprogs",
};

export function machineTools(signal: AbortSignal): Tools {
  return {
    async run(argv, { accept = [] } = {}) {
      try {
        return await exec(argv, { timeoutMs, signal, accept, env: { LC_ALL: "C" } });
      } catch (error) {
        if (!isFailure(error, "notFound")) throw error;
        const [tool] = argv;
        throw new Failure("precondition", `this needs ${tool}, which is not installed: install ${packageOf[tool]}`, {
          cause: error,
        });
      }
    },
  };
}
