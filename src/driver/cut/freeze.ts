import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import type { CutMember } from "../block/protocol.ts";
import { flush, type LoopDevices } from "../filesystem/loop.ts";
import type { Mounts } from "../filesystem/mounts.ts";
import type { Tools } from "../filesystem/tools.ts";
import type { Held } from "../hold/frozen-mounts.ts";
import type { Holder } from "../hold/holder.ts";
import { failureOfSystem } from "../system-failure.ts";
import type { CutEngine } from "./cut-engine.ts";
import { reflink, syncFiles } from "./reflink.ts";

interface Deps {
  readonly loops: LoopDevices;
  readonly mounts: Mounts;
  readonly tools: Tools;
  readonly holder: Holder;
  readonly clock: Clock;
}

/**
 * Root, and images that can share blocks (XFS, btrfs): the members' filesystems are frozen together, their images cloned,
 * and all are thawed. What was written before the call is in the cut, in order, with clean journals.
 *
 * Only a filesystem can be frozen. A volume in use as a block device can be taken alone, since a clone of one image is of
 * one instant, but not in a group.
 */
export function freezeEngine(deps: Deps): CutEngine {
  const { clock, holder, tools } = deps;
  return {
    name: "freeze",

    async cut(_id, members) {
      try {
        const { mounted, raw } = await usesOf(members, deps);
        if (raw.length > 0 && members.length > 1)
          throw new Failure(
            "precondition",
            `${raw.length} of ${members.length} volumes are in use as block devices, which cannot be held: ` +
              "this engine (freeze) takes groups of volumes with filesystems only",
          );
        await Promise.all(mounted.map(({ path }) => tools.run(["sync", "--file-system", path])));
        await Promise.all(raw.map(flush));
        let takenAt = clock.now();
        const takeAll = async () => {
          takenAt = clock.now();
          for (const taken of await Promise.allSettled(members.map(({ image, target }) => reflink(image, target))))
            if (taken.status === "rejected") throw taken.reason;
        };
        const lasted =
          mounted.length === 0 ? await takeAll().then(() => true) : (await holder.hold(mounted, takeAll)).lasted;
        if (!lasted)
          throw new Failure("busy", "the filesystems did not stay frozen for as long as the cut took; it is dropped");
        const consistency = raw.length > 0 ? "crash" : "filesystem";
        return { takenAt, consistency, copied: syncFiles(members.map(({ target }) => target)) };
      } catch (error) {
        throw failureOfSystem(error, `cannot cut ${members.length} volumes`);
      }
    },

    async clone(image, target) {
      await reflink(image, target);
      await syncFiles([target]);
    },
  };
}

/** How the members are used now: mounted, or as the block devices themselves. Who is not attached is used by nobody. */
async function usesOf(members: readonly CutMember[], { loops, mounts }: Deps) {
  const list = await mounts.list();
  const mounted: Held[] = [];
  const raw: string[] = [];
  for (const { image } of members) {
    const device = await loops.find(image);
    if (device === undefined) continue;
    const mount = list.find(({ source, root }) => source === device && root === "/");
    if (mount === undefined) raw.push(device);
    else mounted.push({ path: mount.path, device });
  }
  return { mounted, raw };
}
