import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { crds } from "../../src/api/crds.ts";
import { exec } from "../../src/lib/exec.ts";
import { type KubeApiserver, kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { clusterArgs, type Program, program } from "../../src/testing/program.ts";
import { walkThrough } from "../../src/testing/whole-walk.ts";
import { binaries } from "./binaries.ts";

let api: KubeApiserver;
let groupsnap: Program;
beforeAll(async () => {
  groupsnap = program();
  api = await kubeApiserver(binaries());
}, 90_000);
afterAll(async () => {
  await groupsnap.clean();
  await api.stop();
});

const kubectl = (...args: string[]) =>
  exec([join(binaries(), "kubectl"), "--kubeconfig", api.kubeconfigPath, ...args], {
    timeoutMs: 30_000,
    signal: AbortSignal.timeout(30_000),
  });

test("kube-apiserver takes every definition of deploy/crds, and serves each version of it", async () => {
  await kubectl("apply", "--server-side", "-f", "deploy/crds");
  await kubectl("wait", "--for=condition=Established", "crd", ...crds.map(({ metadata }) => metadata.name));
  const { stdout } = await kubectl("api-versions");
  expect(stdout.split("\n").filter((version) => /snapshot/.test(version))).toEqual([
    "groupsnapshot.storage.k8s.io/v1",
    "groupsnapshot.storage.k8s.io/v1alpha1",
    "groupsnapshot.storage.k8s.io/v1beta1",
    "groupsnapshot.storage.k8s.io/v1beta2",
    "snapshot.storage.k8s.io/v1",
  ]);
});

test("walks through the whole life of a group on kube-apiserver and etcd", async () => {
  const dataDir = join(groupsnap.folder, "d");
  const { ready } = await groupsnap.start(
    clusterArgs(dataDir, "--kubeconfig", api.kubeconfigPath),
    AbortSignal.timeout(60_000),
  );
  expect(ready).toBe(`kubeconfig ${api.kubeconfigPath}`);
  const shown = await walkThrough({
    kubeconfig: api.kubeconfigPath,
    poolDir: join(dataDir, "pool"),
    signal: AbortSignal.timeout(60_000),
  });
  expect(shown.memberClaims).toEqual(["pvc-0", "pvc-1"]);
  expect(shown.verdict.violations).toEqual([]);
  expect(shown.verdict.records).toBeGreaterThan(0);
  expect(shown.left).toEqual([]);
});
