import type { Client } from "../../kube/client/client.ts";
import { systemClock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { systemRandom } from "../../lib/random.ts";
import { judge, type Progress, type Verdict } from "../../verify/judge.ts";
import { openNbdVolume } from "../../verify/nbd-volume.ts";
import { startWriters, type Writers } from "../../verify/writers.ts";
import { groupName } from "./objects.ts";
import type { Report } from "./report.ts";
import { type Published, type Walk, walkOn } from "./walk.ts";

const writerCount = 2;
/** One volume after the other keeps its order by luck now and then; this often in a row means that the test is blind. */
const controlTries = 5;

/** Tells the walk step by step: cut, restore, proof, control, and nothing left. @throws when a step does not hold */
export async function tellWalk(told: {
  readonly client: Client;
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly poolDir: string;
  readonly keep: boolean;
}): Promise<void> {
  const { report, signal } = told;
  const walk = walkOn(told.client, signal);
  await report.step(
    "namespace and classes of the walk",
    () => walk.prepare(),
    () => "demo-namespace, csi-hostpath-sc, csi-groupsnapclass",
  );
  const sources = await report.step(
    "claims pvc-0 and pvc-1 are bound",
    () => walk.createClaims(["pvc-0", "pvc-1"]),
    pathsOf,
  );
  await report.step(
    "both labelled",
    () => walk.label(["pvc-0", "pvc-1"]),
    () => "group=myGroup",
  );

  const run = { runId: systemRandom.uuid(), sources };
  const writers = await report.step(
    `${writerCount} programs write, each record on the next volume once the last is flushed`,
    () => startOn(sources, run.runId, signal),
    () => `run ${run.runId}`,
  );
  try {
    await proveGroup({ walk, report, writers, runId: run.runId, signal });
    await showControl({ walk, report, writers, runId: run.runId, signal });
  } finally {
    await writers.stop();
  }
  if (told.keep) return;
  await report.step(
    "the group, its restored claims and all the rest deleted",
    () => removeAll(walk),
    () => "by policy Delete",
  );
  await report.step(
    "nothing is left, in the API or in the pool",
    () => nothingLeft(walk, told.poolDir),
    () => "0 objects, 0 images",
  );
}
