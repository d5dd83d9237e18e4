import { join } from "node:path";
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

test("the doctor asks a driver at its socket, and says what it found there, or that nobody answers", async () => {
  const ask = (...sockets: readonly string[]) => {
    const addresses = sockets.flatMap((socket) => ["--csi-address", join(cluster.dataDir, socket)]);
    const at = ["--kubeconfig", cluster.kubeconfig, ...addresses];
    const argv = [process.execPath, programPath(), "doctor", ...at] as const;
    return exec(argv, { timeoutMs: 60_000, signal: AbortSignal.timeout(60_000), accept: [1] });
  };
  const ours = /ASKED +local\.csi\.groupsnap\.dev\nsnapshots +yes\ngroups +yes\nengine +userland/;
  expect((await ask("csi.sock")).stdout).toMatch(ours);
  const { stdout } = await ask("nobody.sock", "csi.sock");
  expect(stdout).toMatch(ours);
  expect(stdout).toMatch(/ERROR DriverSilent: CSI driver at .*nobody\.sock/);
});
