import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openState } from "../driver/pool/state.ts";
import type { Doom } from "../driver/testing/driver-process.ts";
import { aDriver, call, formatted, type TestDriver } from "../driver/testing.ts";
import { systemClock } from "../lib/clock.ts";
import { isFailure } from "../lib/failure.ts";
import { systemRandom } from "../lib/random.ts";
import { halfMade } from "./half-made.ts";

/** One death in a group's cut, in a pool that has seen others. */
export interface Kill {
  readonly engine: string;
  readonly poolDir: string;
  /** Parameters of the group snapshot's class. */
  readonly asked: Readonly<Record<string, string>>;
  readonly doom: Doom & { readonly victims: "driver" | "helpers" | "all" };
  /** Done to the pool after the death: what makes a recovery wrong, for controls. */
  readonly spoil?: (poolDir: string) => Promise<void>;
}

export interface Aftermath {
  /** What nobody should find after it. */
  readonly violations: readonly string[];
  /** Whether the volumes were frozen until the next start: the price of losing driver and watchdog at once, in a hold. */
  readonly wasFrozen: boolean;
}

const phases = ["cut intended", "frozen", "cut taken", "cut copied"] as const;
const victims = ["driver", "helpers", "all"] as const;
/** Nobody may find a volume frozen for longer after those who froze it died. */
const thawLimitMs = 1_000;

/** Each phase of a cut with each choice of who dies. An engine that holds nothing has no phase in which it does. */
export function deathsOf(holds: boolean): readonly Kill["doom"][] {
  const passed = phases.filter((step) => holds || step !== "frozen");
  return passed.flatMap((step) => victims.map((victim) => ({ step, times: 1, victims: victim })));
}

/** The control: leaves a pool in which recovery finds nothing to end, as it would be if what was intended counted as made. */
export async function takeIntentsForMade(poolDir: string): Promise<void> {
  const state = await openState(join(poolDir, "state.db"));
  state.transaction(() => {
    state.groups.update("state = 'ready'");
    state.snapshots.update("state = 'ready'");
  });
  state.close();
}

/** Cuts two volumes in use, lets die who is doomed, looks at what a user finds, and starts the driver again. */
export async function killRound({ engine, poolDir, asked, doom, spoil }: Kill): Promise<Aftermath> {
  const driver = await aDriver({ engine, poolDir, doom });
  const violations: string[] = [];
  const found = (what: string, isSo: boolean) => (isSo ? violations.push(what) : undefined);
  try {
    const volumes = await twoVolumes(driver);
    const sourceVolumeIds = volumes.map(({ id }) => id);
    const targets = volumes.map(({ target }) => target);
    const group = { name: `group-${systemRandom.uuid()}`, sourceVolumeIds, parameters: { ...asked } };
    const cut = () => driver.csi.groupController.createVolumeGroupSnapshot(group, call);
    await meetDoom(cut);
    found("the driver lives on", doom.victims !== "helpers" && !(await isGone(driver.pid())));
    const wasFrozen = !(await canWrite(targets));
    const isPaid = doom.step === "frozen" && doom.victims === "all";
    found("volumes are frozen", wasFrozen && !isPaid);
    await driver.stop();
    await spoil?.(poolDir);
    await driver.start();
    found("volumes are frozen after the next start", !(await canWrite(targets)));
    violations.push(...(await halfMade(driver)));
    const { groupSnapshot } = await cut();
    const { groupSnapshotId = "", snapshots = [] } = groupSnapshot ?? {};
    found("the same group cannot be made whole", snapshots.length !== 2 || snapshots.some((one) => !one.readyToUse));
    await driver.csi.groupController.deleteVolumeGroupSnapshot({ groupSnapshotId }, call);
    for (const volumeId of sourceVolumeIds) {
      await driver.unpublish(volumeId);
      await driver.csi.controller.deleteVolume({ volumeId }, call);
    }
    return { violations, wasFrozen };
  } finally {
    await driver.close();
  }
}

/** On a busy machine a cut may be dropped before its doom. Else a user is told, or has a group: it is looked at later. */
async function meetDoom(cut: () => Promise<unknown>): Promise<void> {
  for (let left = 5; left > 0; left--) {
    const error = await cut().catch((reason: unknown) => reason);
    if (!isFailure(error, "busy", "timeout", "precondition")) return;
  }
}

async function twoVolumes(driver: TestDriver) {
  const volumes: { readonly id: string; readonly target: string }[] = [];
  for (const name of ["data", "log"]) {
    const id = await driver.volume(`${name}-${systemRandom.uuid()}`, 32 << 20);
    volumes.push({ id, ...(await driver.publish(id, formatted("ext4"))) });
  }
  return volumes;
}

/** Whether a process that was killed is gone, which takes a moment. */
async function isGone(pid: number): Promise<boolean> {
  const limit = AbortSignal.timeout(10_000);
  try {
    while (!limit.aborted) {
      process.kill(pid, 0);
      await systemClock.sleep(5, limit);
    }
  } catch {
    return !limit.aborted;
  }
  return false;
}

/** Whether a write to each comes back in time; one that does not will when its filesystem is thawed. */
async function canWrite(targets: readonly string[]): Promise<boolean> {
  const writes = Promise.all(targets.map((target) => writeFile(join(target, "note"), "a note", { flush: true })));
  const late = systemClock.sleep(thawLimitMs, new AbortController().signal).then(() => false);
  return Promise.race([writes.then(() => true), late]);
}
