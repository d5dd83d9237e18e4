import { mkdir, readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import { loopAccess, settleLoops } from "../access/loop-access.ts";
import { btrfsSubvolumes, isSubvolume } from "../filesystem/btrfs.ts";
import type { Ioctl } from "../filesystem/ioctl.ts";
import { isBtrfs } from "../filesystem/kind.ts";
import type { LoopDevices } from "../filesystem/loop.ts";
import type { Mounts } from "../filesystem/mounts.ts";
import { probeLoops } from "../filesystem/probe.ts";
import type { Tools } from "../filesystem/tools.ts";
import type { WriteOut } from "../filesystem/write-out.ts";
import type { Holder } from "../hold/holder.ts";
import type { PoolFiles } from "../pool/files.ts";
import type { Layout } from "../pool/layout.ts";
import { atomicEngine } from "./atomic.ts";
import type { Candidate } from "./pick.ts";

interface Deps {
  readonly layout: Layout;
  readonly files: PoolFiles;
  readonly tools: Tools;
  readonly loops: LoopDevices;
  readonly mounts: Mounts;
  /** Undefined where the kernel's calls cannot be reached; tools do then. */
  readonly ioctl: Ioctl | undefined;
  readonly writeOut: WriteOut;
  /** Undefined where filesystems cannot be frozen. */
  readonly startHolder: (() => Holder) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The atomic engine, if this is root and the pool is a place where btrfs takes snapshots. */
export function atomicCandidate(deps: Deps): Candidate {
  const { layout, files, tools, ioctl, loops } = deps;
  const { volumes, cuts } = layout;
  const subvolumes = btrfsSubvolumes(tools, ioctl);

  /** @throws Failure or a system error that says what does not work */
  async function attempt(): Promise<void> {
    if (!(await isBtrfs(layout.pool))) throw new Failure("precondition", `${layout.pool} is not on btrfs`);
    await makeSubvolume();
    if (!(await files.canReflink(layout.pool)))
      throw new Failure("precondition", `files in ${layout.pool} cannot share blocks`);
    const probe = join(cuts, "probe");
    await subvolumes.remove(probe);
    await subvolumes.snapshot(volumes, probe);
    await subvolumes.remove(probe);
    await probeLoops({ folder: layout.pool, files, loops });
  }

  async function makeSubvolume(): Promise<void> {
    if (await isSubvolume(volumes)) return;
    if ((await readdir(volumes)).length > 0)
      throw new Failure("precondition", `${volumes} is a plain folder with images in it, not a subvolume`);
    await rmdir(volumes);
    await subvolumes.create(volumes).catch(async (error: unknown) => {
      await mkdir(volumes, { mode: 0o700 }); // for the engines that do without
      throw error;
    });
  }

  return {
    name: "atomic",
    access: "loop",
    async probe() {
      if (process.getuid?.() !== 0) return { works: false, finding: "it needs root" };
      try {
        await attempt();
        return { works: true, finding: "one btrfs snapshot of all volumes" };
      } catch (error) {
        return { works: false, finding: error instanceof Error ? error.message : String(error) };
      }
    },
    async open() {
      await settleLoops(deps);
      for (const cut of await subvolumes.list(cuts)) await subvolumes.remove(cut); // cuts that nobody got a handle of
      const holder = deps.startHolder?.();
      return {
        cutter: atomicEngine({ ...deps, volumes, cuts, subvolumes, holder }),
        access: { ...loopAccess(deps), close: async () => holder?.close() },
      };
    },
  };
}
