import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "../../kube/client/client.ts";
import { systemClock } from "../../lib/clock.ts";
import { failureOf } from "../../lib/failure.ts";
import { connect } from "../../processes/connect.ts";
import { startCluster } from "./cluster.ts";
import { type Report, reporter } from "./report.ts";
import { tellWalk } from "./story.ts";

/** The whole demo has an end, whatever hangs. */
const demoLimitMs = 120_000;

/** Runs the demo on a cluster of its own, in a temporary folder. False when a step failed; the report has said why. */
export async function runDemo(options: { readonly json: boolean; readonly keep: boolean }): Promise<boolean> {
  const report = reporter({ json: options.json, clock: systemClock, out: process.stdout });
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => interrupted.abort(new DOMException(`stopped by ${name}`, "AbortError")));
  const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(demoLimitMs)]);
  const dataDir = await mkdtemp(join(tmpdir(), "groupsnap-"));
  try {
    await runInFolder({ ...options, dataDir, signal, report });
    report.end({ ok: true });
    return true;
  } catch (error) {
    report.end({ ok: false, message: failureOf(error).message });
    return false;
  } finally {
    if (!options.keep) await rm(dataDir, { recursive: true, force: true });
  }
}

interface InFolder {
  readonly keep: boolean;
  readonly dataDir: string;
  readonly signal: AbortSignal;
  readonly report: Report;
}

async function runInFolder({ keep, dataDir, signal, report }: InFolder): Promise<void> {
  const cluster = await report.step(
    "a cluster in one process",
    () => startCluster({ dataDir, signal }),
    (started) => `KUBECONFIG=${started.kubeconfig}`,
  );
  try {
    const client: Client = await connect({ kubeconfig: cluster.kubeconfig, userAgent: "groupsnap-demo" });
    await tellWalk({ client, report, signal, poolDir: join(dataDir, "pool"), keep });
    if (keep) {
      await report.step(
        "the cluster is kept",
        async () => cluster.leave(),
        () => `stop it with: kill ${cluster.pid}; its state is in ${dataDir}`,
      );
      return;
    }
  } catch (error) {
    await cluster.stop().catch(() => undefined); // the first failure is the one to tell
    throw error;
  }
  await report.step(
    "the cluster stopped",
    () => cluster.stop(),
    () => "its folder is removed",
  );
}
