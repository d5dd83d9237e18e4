import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { loopAccess, settleLoops } from "../access/loop-access.ts";
import { loadExtents } from "../filesystem/extents.ts";
import type { Ioctl } from "../filesystem/ioctl.ts";
import type { LoopDevices } from "../filesystem/loop.ts";
import type { Mounts } from "../filesystem/mounts.ts";
import type { Tools } from "../filesystem/tools.ts";
import type { WriteOut } from "../filesystem/write-out.ts";
import type { Freezing } from "../hold/freezing.ts";
import { FrozenMounts } from "../hold/frozen-mounts.ts";
import type { Holder } from "../hold/holder.ts";
import type { PoolFiles } from "../pool/files.ts";
import type { Layout } from "../pool/layout.ts";
import { freezeEngine } from "./freeze.ts";
import type { Candidate } from "./pick.ts";

interface Deps {
  readonly layout: Layout;
  readonly files: PoolFiles;
  readonly tools: Tools;
  readonly loops: LoopDevices;
  readonly mounts: Mounts;
  /** Undefined, like the next one, where the kernel's calls cannot be reached. */
  readonly ioctl: Ioctl | undefined;
  readonly freezing: Freezing | undefined;
  readonly writeOut: WriteOut;
  readonly startHolder: (() => Holder) | undefined;
  readonly clock: Clock;
}

/** The freeze engine, if this is root, images share blocks, and a filesystem can be frozen and thawed here: tried. */
export function freezeCandidate(deps: Deps): Candidate {
  const { layout, files, freezing, ioctl } = deps;
  return {
    name: "freeze",
    access: "loop",
    async probe() {
      if (process.getuid?.() !== 0) return { works: false, finding: "it needs root" };
      if (freezing === undefined) return { works: false, finding: "it needs the package koffi" };
      try {
        if (!(await files.canReflink(layout.pool)))
          throw new Failure("precondition", `files in ${layout.pool} cannot share blocks`);
        await probeFreezing(deps, freezing);
        return { works: true, finding: "all filesystems frozen while images are cloned" };
      } catch (error) {
        return { works: false, finding: error instanceof Error ? error.message : String(error) };
      }
    },
    async open() {
      await settleLoops(deps);
      const holder = deps.startHolder?.();
      const extents = await loadExtents();
      if (holder === undefined || extents === undefined || ioctl === undefined)
        throw new Failure("internal", "the freeze engine was opened though its probe failed");
      const access = loopAccess(deps);
      return {
        cutter: freezeEngine({ ...deps, holder, blocks: { extents, ioctl } }),
        access: { ...access, close: async () => holder.close() },
      };
    },
  };
}

/** Freezes and thaws a filesystem of its own. */
async function probeFreezing({ layout, files, tools, loops, mounts }: Deps, freezing: Freezing): Promise<void> {
  const image = join(layout.pool, ".freeze-probe.img");
  const path = await mkdtemp(join(tmpdir(), "groupsnap-probe-"));
  await loops.detach(image); // of a probe that was killed
  await files.remove([image]);
  await files.createEmpty(image, 4 << 20);
  try {
    const device = await loops.attach(image);
    await tools.run(["mkfs.ext4", "-q", "-F", device]);
    await mounts.mount({ device, path, type: "ext4", flags: [] });
    const mount = new FrozenMounts([{ path, device }], freezing);
    try {
      await mount.freeze();
      if (!mount.thaw()) throw new Failure("precondition", "a filesystem that was frozen was found thawed");
    } finally {
      mount.close();
    }
  } finally {
    await mounts.unmount(path);
    await loops.detach(image);
    await files.remove([image]);
    await rmdir(path);
  }
}
