import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import type { CutMember } from "../block/protocol.ts";
import type { LoopDevices } from "../filesystem/loop.ts";
import type { Mounts } from "../filesystem/mounts.ts";
import type { WriteOut } from "../filesystem/write-out.ts";
import type { Holder } from "../hold/holder.ts";
import { failureOfSystem } from "../system-failure.ts";
import type { CutEngine } from "./cut-engine.ts";
import { holdLost } from "./hold-lost.ts";
import { flushMembers, type MembersInUse, membersInUse } from "./members-in-use.ts";
import { type Blocks, type OpenClone, openClone } from "./open-clone.ts";
import { reflink, syncFiles } from "./reflink.ts";

interface Deps {
  readonly loops: LoopDevices;
  readonly mounts: Mounts;
  readonly writeOut: WriteOut;
  readonly holder: Holder;
  readonly blocks: Blocks;
  readonly clock: Clock;
}

/** A clone of so many fragments takes about 20 ms, for which writers may be held. */
const fragmentLimit = 3_000;

/**
 * Root, and images that can share blocks (XFS, btrfs): the members' filesystems are frozen together, their images cloned,
 * and all are thawed. A fragmented image is cloned before, and only brought up to date meanwhile. What was written before
 * the call is in the cut, in order, with clean journals.
 *
 * Only a filesystem can be frozen. A volume in use as a block device can be taken alone, since a clone of one image is of
 * one instant, but not in a group.
 */
export function freezeEngine(deps: Deps): CutEngine {
  const { clock, holder, writeOut } = deps;
  return {
    name: "freeze",
    sharesBlocks: true,

    async cut(_id, members) {
      try {
        const used = await membersInUse(members, deps);
        checkHoldable(used, members.length);
        await flushMembers(used, writeOut);
        let takenAt = clock.now();
        await withClones(members, { blocks: deps.blocks, isHeld: used.raw.length === 0 }, async (clones) => {
          const cloneAll = async () => {
            takenAt = clock.now();
            await all(clones.map((clone) => clone.finish()));
          };
          if (used.mounted.length === 0) await cloneAll();
          else await whileHeld(holder, used, cloneAll);
        });
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

/**
 * Does what can be done before anybody is held: opens images and targets, and clones what is fragmented, to be brought up
 * to date.
 *
 * @param how.isHeld whether writers will be: if not, only a clone in one step is of one instant
 */
async function withClones(
  members: readonly CutMember[],
  how: { readonly blocks: Blocks; readonly isHeld: boolean },
  work: (clones: readonly OpenClone[]) => Promise<void>,
): Promise<void> {
  const opened: OpenClone[] = [];
  const prepare = async ({ image, target }: CutMember) => {
    const clone = await openClone(image, target, how.blocks);
    opened.push(clone);
    if (how.isHeld && (await clone.fragments()) > fragmentLimit) await clone.begin();
  };
  try {
    await all(members.map(prepare));
    await work(opened);
  } finally {
    await Promise.all(opened.map((clone) => clone.close()));
  }
}

/** Waits for all, also where one fails: nothing goes on behind the back of who cleans up. */
async function all(work: readonly Promise<unknown>[]): Promise<void> {
  for (const done of await Promise.allSettled(work)) if (done.status === "rejected") throw done.reason;
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
  throw new Failure("busy", `${holdLost.why}; it is dropped`);
}
