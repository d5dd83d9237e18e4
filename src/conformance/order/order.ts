import { Failure, failureOf, isFailure } from "../../lib/failure.ts";
import type { Verdict as Judged } from "../../verify/judge.ts";
import type { VolumeIo } from "../../verify/volume.ts";
import { startWriters } from "../../verify/writers.ts";
import { type Check, forGroups, type Verdict } from "../check.ts";
import { aGroup, cut, readyCut, untilReady } from "../groups.ts";
import type { Lab } from "../lab.ts";
import { isForbidden, useVolume } from "../uses.ts";
import { type Load, runRound } from "./round.ts";

export const order: Check = {
  name: "order",
  claim: "under load each group snapshot is one instant: the order of writes survives, in every round",
  spec: "CreateVolumeGroupSnapshot, write-order consistency",
  needs: [...forGroups, "node"],
  run: (lab) =>
    orderTest(lab).catch((error: unknown) => {
      if (isForbidden(error)) return { cannotTell: `${error.message}: run it as root` };
      throw error;
    }),
};

/** A control that keeps the order by luck gets more rounds, or nobody knows what the others are worth. */
const controlFactor = 4;

async function orderTest(lab: Lab): Promise<Verdict> {
  const volumes = await lab.volumes();
  const opened: VolumeIo[] = [];
  for (const volume of volumes) opened.push(await useVolume(lab, volume, { isCopy: false }));
  const { clock, random, signal, settings } = lab;
  const runId = random.uuid();
  const writers = await startWriters({ volumes: opened, writers: settings.writers, runId, clock, random, signal });
  try {
    return await rounds(lab, { volumes, writers, runId });
  } finally {
    await writers.stop();
  }
}

async function rounds(lab: Lab, load: Load): Promise<Verdict> {
  let records = 0;
  for (let round = 1; round <= lab.settings.rounds; round++) {
    const verdict = await groupRound(lab, load);
    if (verdict instanceof Failure)
      return { cannotTell: `under load the driver made no group, as the specification lets it: ${verdict.message}` };
    if (verdict.violations.length > 0)
      return { violations: verdict.violations.map((violation) => `round ${round}: ${violation}`) };
    records += verdict.records;
  }
  const lostIn = await control(lab, load);
  if (typeof lostIn !== "number") return lostIn;
  if (records === 0) return { cannotTell: "the writers wrote nothing in any round" };
  return {
    violations: [],
    notes: [
      `${lab.settings.rounds} rounds with ${records} records; volume after volume lost the order in round ${lostIn}`,
    ],
  };
}

/**
 * A group "MUST give a write-order consistency guarantee or fail if that's not possible": a cut that fails breaks nothing.
 *
 * @returns why it failed; else what became of the round
 */
async function groupRound(lab: Lab, load: Load): Promise<Judged | Failure> {
  let refusal: Failure | undefined;
  const cutAll = async (inner: Lab) => {
    const asked = await aGroup(inner);
    const group = await cut(inner, asked).catch((error: unknown) => {
      if (!isFailure(error, "unavailable", "timeout")) refusal = failureOf(error); // those are no answer
      throw error;
    });
    return (await untilReady(inner, asked, group)).snapshots;
  };
  return runRound(lab, load, cutAll).catch((error: unknown) => {
    lab.signal.throwIfAborted();
    if (refusal) return refusal;
    throw error;
  });
}

/** Groups of one volume each, one after the other, which have to lose the order. @returns the round in which they do */
async function control(lab: Lab, load: Load): Promise<number | Verdict> {
  const limit = lab.settings.rounds * controlFactor;
  for (let round = 1; round <= limit; round++) {
    const verdict = await runRound(lab, load, async (inner) => {
      const snapshots = [];
      for (const { volumeId } of load.volumes)
        snapshots.push(...(await readyCut(inner, await aGroup(inner, { volumeIds: [volumeId] }))).snapshots);
      return snapshots;
    }).catch((error: unknown) => {
      lab.signal.throwIfAborted();
      return failureOf(error);
    });
    if (verdict instanceof Error)
      return { cannotTell: `no round lost the order, but its control could not be made: ${verdict.message}` };
    if (verdict.violations.length > 0) return round;
  }
  return {
    cannotTell:
      `no round lost the order, but neither did ${limit} rounds of volume after volume, so the test saw nothing: ` +
      "give it more --writers or --rounds",
  };
}
