import { basename, dirname, join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { limiter } from "../../lib/limit.ts";
import type { CutMember } from "../block/protocol.ts";
import type { Subvolumes } from "../filesystem/btrfs.ts";
import { flush, type LoopDevices } from "../filesystem/loop.ts";
import type { Mounts } from "../filesystem/mounts.ts";
import type { Tools } from "../filesystem/tools.ts";
import { failureOfSystem } from "../system-failure.ts";
import type { CutEngine } from "./cut-engine.ts";
import { reflink, syncFiles } from "./reflink.ts";

interface Deps {
  /** The subvolume with the images of all volumes, and nothing nested in it: a snapshot would leave that out. */
  readonly volumes: string;
  /** Where cuts are for as long as members are taken out of them. */
  readonly cuts: string;
  readonly subvolumes: Subvolumes;
  readonly loops: LoopDevices;
  readonly mounts: Mounts;
  readonly tools: Tools;
  readonly clock: Clock;
}

/**
 * Root and btrfs: all volumes' images lie in one subvolume, and one snapshot of it is the instant.
 *
 * Nothing is ever held or frozen. A write that was flushed before the snapshot's commit is in it, and no write that was
 * issued after an answer that is not: the commit waits for every fsync under way and counts those that ended (btrfs,
 * `fs/btrfs/transaction.c`). The members' filesystems are synced first, so that what was merely written before the call
 * is in it too.
 */
export function atomicEngine(deps: Deps): CutEngine {
  const { volumes, cuts, subvolumes, clock } = deps;
  const oneCut = limiter(1); // a second snapshot would wait for the first one's commit anyway
  const forEver = new AbortController().signal; // a cut that waits for its turn is short
  return {
    name: "atomic",

    async cut(id, members) {
      const cut = join(cuts, id);
      try {
        await Promise.all(members.map((member) => writeOut(member, deps)));
        const takenAt = await oneCut.run(async () => {
          const now = clock.now();
          await subvolumes.snapshot(volumes, cut);
          return now;
        }, forEver);
        return { takenAt, consistency: "crash", copied: takeOut(members, cut, deps) };
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

/** What was written to the member so far is in its image, though maybe not on the disk. */
async function writeOut({ image }: CutMember, { loops, mounts, tools }: Deps): Promise<void> {
  const device = await loops.find(image);
  if (device === undefined) return; // nobody has it
  const mounted = (await mounts.list()).find(({ source, root }) => source === device && root === "/");
  if (mounted === undefined) await flush(device);
  else await tools.run(["sync", "--file-system", mounted.path]);
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
