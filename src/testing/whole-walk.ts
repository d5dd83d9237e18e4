import { startProof } from "../cli/demo/proof.ts";
import { walkOn } from "../cli/demo/walk.ts";
import { connect } from "../processes/connect.ts";
import type { Verdict } from "../verify/judge.ts";

/** What a whole walk showed: claims cut as a group under load, restored and judged, and all of it deleted. */
export interface WalkShown {
  readonly memberClaims: readonly string[];
  readonly verdict: Verdict;
  /** What was left in the API and in the pool. */
  readonly left: readonly string[];
}

/** Takes pvc-0 and pvc-1 through the whole life of a group snapshot on a cluster that has our driver. */
export async function walkThrough(where: {
  readonly kubeconfig: string;
  readonly poolDir: string;
  readonly signal: AbortSignal;
}): Promise<WalkShown> {
  const client = await connect({ kubeconfig: where.kubeconfig, userAgent: "test" });
  const walk = walkOn(client, where.signal);
  await walk.prepare();
  const sources = await walk.createClaims(["pvc-0", "pvc-1"]);
  await walk.label(["pvc-0", "pvc-1"]);
  const proof = await startProof(sources, where.signal);
  const before = proof.progress();
  const group = await walk.cutGroup();
  const after = proof.progress();
  const members = await walk.membersOf(group);
  const restored = await walk.restore(members.map(({ claim, snapshot }) => ({ claim: `${claim}-restore`, snapshot })));
  const verdict = await proof.judge(restored, { before, after });
  await proof.stop();
  await walk.removeAll();
  const left = await walk.leftovers(where.poolDir);
  client.close();
  return { memberClaims: members.map(({ claim }) => claim), verdict, left };
}
