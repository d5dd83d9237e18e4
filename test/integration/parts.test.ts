import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Program, program } from "../../src/testing/program.ts";
import { walkThrough } from "../../src/testing/whole-walk.ts";

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

  const shown = await walkThrough({ kubeconfig, poolDir: pool, signal: AbortSignal.timeout(45_000) });
  expect(shown.memberClaims).toEqual(["pvc-0", "pvc-1"]);
  expect(shown.verdict.violations).toEqual([]);
  expect(shown.verdict.records).toBeGreaterThan(0);
  expect(shown.left).toEqual([]);
});
