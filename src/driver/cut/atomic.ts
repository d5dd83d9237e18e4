import { basename, dirname, join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { limiter } from "../../lib/limit.ts";
import type { Logger } from "../../lib/log.ts";
import type { CutMember } from "../block/protocol.ts";
import type { Subvolumes } from "../filesystem/btrfs.ts";
import type { LoopDevices } from "../filesystem/loop.ts";
import type { Mounts } from "../filesystem/mounts.ts";
import type { WriteOut } from "../filesystem/write-out.ts";
import type { Holder } from "../hold/holder.ts";
import { failureOfSystem } from "../system-failure.ts";
import type { Cut, CutEngine, Shortfall } from "./cut-engine.ts";
import { holdLost } from "./hold-lost.ts";
import { flushMembers, type MembersInUse, membersInUse } from "./members-in-use.ts";
import { reflink, syncFiles } from "./reflink.ts";

interface Deps {
  /** The subvolume with the images of all volumes, and nothing nested in it: a snapshot would leave that out. */
  readonly volumes: string;
  /** Where cuts are for as long as members are taken out of them. */
  readonly cuts: string;
  readonly subvolumes: Subvolumes;
  readonly loops: LoopDevices;
  readonly mounts: Mounts;
  readonly writeOut: WriteOut;
  /** Undefined where filesystems cannot be frozen; then no cut is more than crash consistent. */
  readonly holder: Holder | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Root and btrfs: all volumes' images lie in one subvolume, and one snapshot of it is the instant.
 *
 * Nothing is held or frozen unless a class asks for consistency of filesystems. A write that was flushed before the
 * snapshot's commit is in it, and no write that was issued after an answer that is not: the commit waits for every fsync
 * under way and counts those that ended (btrfs, `fs/btrfs/transaction.c`). The members' filesystems are synced first, so
 * that what was merely written before the call is in it too; then the pool, as writers wait for the snapshot's commit, and
 * what another one has written out just before is not left to it.
 */
export function atomicEngine(deps: Deps): CutEngine {
  const { volumes, cuts, subvolumes, clock } = deps;
  const oneCut = limiter(1); // a second snapshot would wait for the first one's commit anyway
  const forEver = new AbortController().signal; // a cut that waits for its turn is short
  return {
    name: "atomic",
    sharesBlocks: true,

    async cut(id, members, wish) {
      const cut = join(cuts, id);
      let takenAt = clock.now();
      const take = () => {
        takenAt = clock.now();
        return subvolumes.snapshot(volumes, cut);
      };
      const isHeld = wish.consistency === "filesystem";
      try {
        const used = await membersInUse(members, deps);
        await flushMembers(used, deps.writeOut);
        const worth = await oneCut.run(async () => {
          await deps.writeOut([volumes]);
          return isHeld ? takeHeld(used, take, deps) : crash(take);
        }, forEver);
        return { takenAt, ...worth, copied: takeOut(members, cut, deps) };
      } catch (error) {
        await subvolumes.remove(cut);
        throw failureOfSystem(error, `cannot cut ${members.length} volumes`);
      }
    },

    async clone(image, target) {
      await reflink(image, target);
      await syncFiles([target]);
    },
  };
}

type Worth = Pick<Cut, "consistency" | "shortfall">;

async function crash(take: () => Promise<void>, shortfall?: Shortfall): Promise<Worth> {
  await take();
  return { consistency: "crash", ...(shortfall && { shortfall }) };
}

/** With or without a hold that lasts the cut itself is of one instant, so it is never worth less than that. */
async function takeHeld({ mounted, raw }: MembersInUse, take: () => Promise<void>, deps: Deps): Promise<Worth> {
  const { holder, log } = deps;
  if (raw.length > 0)
    return crash(take, {
      why: `block devices cannot be held, and ${raw.length} of the volumes are in use as such`,
      mayPass: false,
    });
  if (mounted.length > 0 && holder === undefined)
    return crash(take, { why: "filesystems cannot be held on this machine", mayPass: false });
  let taking: Promise<void> | undefined;
  const takeOnce = () => {
    taking ??= take();
    return taking;
  };
  try {
    const lasted = mounted.length === 0 || holder === undefined || (await holder.hold(mounted, takeOnce)).lasted;
    if (!lasted) return crash(takeOnce, holdLost);
    await takeOnce();
    return { consistency: "filesystem" };
  } catch (error) {
    log.warn({ err: error }, "filesystems could not be held for a cut");
    return crash(takeOnce, { why: "the filesystems could not be held, the log says why", mayPass: true });
  }
}

async function takeOut(members: readonly CutMember[], cut: string, { subvolumes, volumes }: Deps): Promise<void> {
  try {
    for (const { image } of members)
      if (dirname(image) !== volumes) throw new Error(`${image} is no image of a volume, so it is not in the cut`);
    await Promise.all(members.map(({ image, target }) => reflink(join(cut, basename(image)), target)));
    await syncFiles(members.map(({ target }) => target));
  } catch (error) {
    throw failureOfSystem(error, "cannot take the members out of the cut");
  } finally {
    await subvolumes.remove(cut);
  }
}
