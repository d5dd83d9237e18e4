import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { call } from "../driver/testing.ts";
import { exec } from "../lib/exec.ts";
import { Failure, isFailure } from "../lib/failure.ts";
import { systemRandom } from "../lib/random.ts";
import { cutAsGroup, removeCut, snapshotOf } from "./cuts.ts";
import { driverOnPool, type EngineOnPool } from "./driver-on-pool.ts";
import { startFileChurn } from "./file-churn.ts";
import { type MountedVolume, mountedVolumes } from "./mounted-volumes.ts";

/** Filesystems under load, and rounds of cut, restore, mount, unmount, check. */
export interface FsckRounds {
  /** @param parameters of the group snapshot's class */
  round(parameters?: Readonly<Record<string, string>>): Promise<readonly Checked[]>;
  /** The control: a round whose clones are damaged before they are checked. */
  damagedRound(): Promise<readonly Checked[]>;
  stop(): Promise<void>;
}

/** What a check found in a clone that had been mounted once. */
export interface Checked {
  readonly fsType: "ext4" | "xfs";
  /** Of ext4, whether its journal was to be replayed, as its superblock said before it was mounted. */
  readonly neededRecovery: boolean | undefined;
  /** Undefined if there is nothing wrong with it. */
  readonly complaint: string | undefined;
}

const fsTypes = ["ext4", "ext4", "xfs"] as const;
/** Files made in each volume before a cut. */
const between = 30;
const limits = { timeoutMs: 120_000, signal: new AbortController().signal, env: { LC_ALL: "C" } };

/** Needs root. */
export async function startFsckRounds(on: EngineOnPool): Promise<FsckRounds> {
  const driver = await driverOnPool(on);
  const volumes = mountedVolumes(driver);
  const own: MountedVolume[] = [];
  for (const [i, fsType] of fsTypes.entries()) own.push(await volumes.put(`churned-${i}`, { fsType }));
  const churn = startFileChurn(own.map(({ target }) => target));

  const check = async (fsType: "ext4" | "xfs", snapshotId: string, spoil: (image: string) => Promise<void>) => {
    const wish = { fsType, snapshotId };
    const id = await volumes.make(`clone-${systemRandom.uuid()}`, wish);
    const image = join(driver.pool, "volumes", `${id}.img`);
    const neededRecovery = fsType === "ext4" ? await needsRecovery(image) : undefined;
    const { target } = await volumes.use(id, wish);
    await writeFile(join(target, "mounted"), "once", { flush: true });
    await volumes.leave(id);
    await spoil(image);
    const complaint = await complaintOf(fsType, image);
    await driver.csi.controller.deleteVolume({ volumeId: id }, call);
    return { fsType, neededRecovery, complaint };
  };
  const round = async (parameters: Readonly<Record<string, string>>, spoil: (image: string) => Promise<void>) => {
    await churn.more(between);
    const ids = own.map(({ id }) => id);
    const snapshots = await cutAsGroup(driver, ids, parameters);
    const checked: Checked[] = [];
    for (const [i, id] of ids.entries())
      checked.push(await check(fsTypes[i] ?? "ext4", snapshotOf(id, snapshots), spoil));
    await removeCut(snapshots);
    return checked;
  };
  return {
    round: (parameters = {}) => round(parameters, async () => undefined),
    damagedRound: () => round({}, damage),
    async stop() {
      try {
        await churn.stop();
      } finally {
        for (const { id } of own) await volumes.end(id);
        await driver.close();
      }
    },
  };
}

/** Whether an ext4 filesystem says that its journal holds what its blocks may not. */
async function needsRecovery(image: string): Promise<boolean> {
  const { stdout } = await exec(["dumpe2fs", "-h", image], limits);
  const [, features] = /^Filesystem features:(.*)$/m.exec(stdout) ?? [];
  if (features === undefined) throw new Failure("internal", `dumpe2fs says nothing about the features of ${image}`);
  return features.split(" ").includes("needs_recovery");
}

async function complaintOf(fsType: "ext4" | "xfs", image: string): Promise<string | undefined> {
  const argv =
    fsType === "ext4" ? (["e2fsck", "-f", "-n", image] as const) : (["xfs_repair", "-n", "-f", image] as const);
  try {
    await exec(argv, limits);
    return undefined;
  } catch (error) {
    if (!isFailure(error, "internal")) throw error; // a tool that is missing has found nothing
    return error.message;
  }
}

/** Overwrites what stands behind the superblock: group descriptors of ext4, headers of free space and inodes of XFS. */
async function damage(image: string): Promise<void> {
  const file = await open(image, "r+");
  await file.write(Buffer.alloc(12_288, 0xa5), 0, 12_288, 4096);
  await file.sync();
  await file.close();
}
