import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exec } from "../../src/lib/exec.ts";
import { programPath } from "../../src/processes/program.ts";
import { scriptedDriver } from "../../src/testing/scripted-driver.ts";
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

test("the doctor finds the drivers on this machine that a node of the cluster has, and is quiet about others", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gs-k-"));
  const foreign = await scriptedDriver();
  const gone = await scriptedDriver();
  const sockets = { ours: join(cluster.dataDir, "csi.sock"), foreign: foreign.address, gone: gone.address };
  for (const [name, socket] of Object.entries(sockets)) {
    await mkdir(join(folder, "plugins", name), { recursive: true });
    await symlink(socket, join(folder, "plugins", name, "csi.sock"));
  }
  await mkdir(join(folder, "plugins", "empty"));
  await gone.stop();
  const look = async (kubeletDir: string) => {
    const at = ["--kubeconfig", cluster.kubeconfig, "--kubelet-dir", kubeletDir];
    const argv = [process.execPath, programPath(), "doctor", ...at] as const;
    const { stdout } = await exec(argv, { timeoutMs: 60_000, signal: AbortSignal.timeout(60_000) });
    return stdout;
  };
  const found = await look(folder);
  expect(found.match(/^ASKED .*$/gm)).toEqual([expect.stringMatching(/local\.csi\.groupsnap\.dev$/)]);
  expect(found).toContain("Nothing is wrong.");
  const nothing = await look(join(folder, "nowhere"));
  expect(nothing).not.toContain("ASKED");
  expect(nothing).toContain("Nothing is wrong.");
  await foreign.stop();
  await rm(folder, { recursive: true });
});
