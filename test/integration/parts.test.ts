import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startProof } from "../../src/cli/demo/proof.ts";
import { walkOn } from "../../src/cli/demo/walk.ts";
import { connect } from "../../src/processes/connect.ts";
import { type Program, program } from "../../src/testing/program.ts";

let groupsnap: Program;
beforeEach(() => {
  groupsnap = program();
});
afterEach(() => groupsnap.clean());

test("walks through the whole life of a group with every process started alone", async () => {
  const dataDir = join(groupsnap.folder, "d");
  const socket = join(groupsnap.folder, "csi.sock");
  const pool = join(groupsnap.folder, "pool");
  const { ready } = await groupsnap.start(["apiserver", "--data-dir", dataDir, "--port", "0", "--crds"]);
  const kubeconfig = ready.replace("kubeconfig ", "");
  await groupsnap.start([
    "driver",
    `--endpoint=unix://${socket}`,
    "--node-id",
    "laptop",
    `--pool=${pool}`,
    "--engine=auto",
  ]);
  await groupsnap.start(["node", "--kubeconfig", kubeconfig, "--csi-address", socket, "--data-dir", dataDir]);
  await groupsnap.start(["provisioner", "--kubeconfig", kubeconfig, "--csi-address", socket]);
  await groupsnap.start(["snapshot-controller", "--kubeconfig", kubeconfig]);
  await groupsnap.start(["csi-snapshotter", `-kubeconfig=${kubeconfig}`, `-csi-address=${socket}`, "-v=4"]);

  const signal = AbortSignal.timeout(45_000);
  const walk = walkOn(await connect({ kubeconfig, userAgent: "test" }), signal);
  await walk.prepare();
  const sources = await walk.createClaims(["pvc-0", "pvc-1"]);
  await walk.label(["pvc-0", "pvc-1"]);
  const proof = await startProof(sources, signal);
  const before = proof.progress();
  const group = await walk.cutGroup();
  const after = proof.progress();
  const members = await walk.membersOf(group);
  expect(members.map(({ claim }) => claim)).toEqual(["pvc-0", "pvc-1"]);
  const restored = await walk.restore(members.map(({ claim, snapshot }) => ({ claim: `${claim}-restore`, snapshot })));
  const verdict = await proof.judge(restored, { before, after });
  await proof.stop();
  expect(verdict.violations).toEqual([]);
  expect(verdict.records).toBeGreaterThan(0);

  await walk.removeAll();
  expect(await walk.leftovers(pool)).toEqual([]);
});
