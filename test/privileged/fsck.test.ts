import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineOnPool } from "../../src/testing/driver-on-pool.ts";
import { type Checked, type FsckRounds, startFsckRounds } from "../../src/testing/fsck-rounds.ts";

const rounds = 3;

const crash = {};
const filesystem = { consistency: "filesystem" };
/** Whether ext4 has its journal to replay tells which level the cut got. */
const cuts: readonly (EngineOnPool & { asked: Record<string, string>; level: string; replays: boolean })[] = [
  { engine: "atomic", pool: "btrfs", asked: crash, level: "crash", replays: true },
  { engine: "atomic", pool: "btrfs", asked: filesystem, level: "filesystem", replays: false },
  { engine: "freeze", pool: "xfs", asked: crash, level: "filesystem", replays: false },
];

describe.each(cuts)(
  "filesystems cut by the $engine engine to be $level consistent",
  ({ asked, replays, ...engine }) => {
    let lab: FsckRounds;
    beforeAll(async () => {
      lab = await startFsckRounds(engine);
    });
    afterAll(() => lab.stop());

    test("are sound once mounted, and have a journal to replay only if they were not held", async () => {
      const checked: Checked[] = [];
      for (let i = 0; i < rounds; i++) checked.push(...(await lab.round(asked)));
      expect(checked.flatMap(({ complaint }) => complaint ?? [])).toEqual([]);
      const ext4 = checked.filter(({ fsType }) => fsType === "ext4");
      expect(ext4.map(({ neededRecovery }) => neededRecovery)).toEqual(ext4.map(() => replays));
    });

    test("are found unsound by the same check when they are damaged on purpose", async () => {
      const checked = await lab.damagedRound();
      const unsound = checked.filter(({ complaint }) => complaint !== undefined);
      expect(unsound.map(({ fsType }) => fsType)).toEqual(["ext4", "ext4", "xfs"]);
    });
  },
);
