import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import type { LoopDevices } from "../filesystem/loop.ts";
import type { Mounts } from "../filesystem/mounts.ts";
import type { Tools } from "../filesystem/tools.ts";
import type { Holder } from "../hold/holder.ts";
import { failureOfSystem } from "../system-failure.ts";
import type { CutEngine } from "./cut-engine.ts";
import { type MembersInUse, membersInUse, writeOut } from "./members-in-use.ts";
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
    sharesBlocks: true,

    async cut(_id, members) {
      try {
        const used = await membersInUse(members, deps);
        checkHoldable(used, members.length);
        await writeOut(used, tools);
        let takenAt = clock.now();
        const cloneAll = async () => {
          takenAt = clock.now();
          const clones = await Promise.allSettled(members.map(({ image, target }) => reflink(image, target)));
          for (const clone of clones) if (clone.status === "rejected") throw clone.reason;
        };
        if (used.mounted.length === 0) await cloneAll();
        else await whileHeld(holder, used, cloneAll);
        const consistency = used.raw.length > 0 ? "crash" : "filesystem";
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

function checkHoldable({ raw }: MembersInUse, members: number): void {
  if (raw.length === 0 || members === 1) return;
  throw new Failure(
    "precondition",
    `${raw.length} of ${members} volumes are in use as block devices, which cannot be held: ` +
      "this engine (freeze) takes groups of volumes with filesystems only",
  );
}

async function whileHeld(holder: Holder, { mounted }: MembersInUse, work: () => Promise<void>): Promise<void> {
  const { lasted } = await holder.hold(mounted, work);
  if (lasted) return;
  throw new Failure("busy", "the filesystems did not stay frozen for as long as the cut took; it is dropped");
}
