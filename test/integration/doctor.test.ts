import { afterAll, beforeAll, expect, test } from "vitest";
import { exec } from "../../src/lib/exec.ts";
import { programPath } from "../../src/processes/program.ts";
import { type UserCluster, userCluster } from "../../src/testing/user-cluster.ts";

let cluster: UserCluster;
beforeAll(async () => {
  cluster = await userCluster();
});
afterAll(() => cluster.stop());

test("the doctor finds nothing wrong with a fresh groupsnap start", async () => {
  const argv = [process.execPath, programPath(), "doctor", "--kubeconfig", cluster.kubeconfig] as const;
  const { stdout } = await exec(argv, { timeoutMs: 30_000, signal: AbortSignal.timeout(30_000) });
  expect(stdout).toMatch(/^API server v[\d.]+\+groupsnap\n/);
  expect(stdout).toContain("Nothing is wrong.");
});
