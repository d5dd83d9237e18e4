import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { crds } from "../../src/api/crds.ts";
import { startProof } from "../../src/cli/demo/proof.ts";
import { walkOn } from "../../src/cli/demo/walk.ts";
import { exec } from "../../src/lib/exec.ts";
import { connect } from "../../src/processes/connect.ts";
import { type KubeApiserver, kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { type Program, program } from "../../src/testing/program.ts";
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
    ["start", "--data-dir", dataDir, "--kubeconfig", api.kubeconfigPath],
    AbortSignal.timeout(60_000),
  );
  expect(ready).toBe(`kubeconfig ${api.kubeconfigPath}`);
  const signal = AbortSignal.timeout(60_000);
  const walk = walkOn(await connect({ kubeconfig: api.kubeconfigPath, userAgent: "test" }), signal);
  await walk.prepare();
  const sources = await walk.createClaims(["pvc-0", "pvc-1"]);
  await walk.label(["pvc-0", "pvc-1"]);
  const proof = await startProof(sources, signal);
  const before = proof.progress();
  const group = await walk.cutGroup();
  const after = proof.progress();
  const members = await walk.membersOf(group);
  const restored = await walk.restore(members.map(({ claim, snapshot }) => ({ claim: `${claim}-restore`, snapshot })));
  const verdict = await proof.judge(restored, { before, after });
  await proof.stop();
  expect(verdict.violations).toEqual([]);
  expect(verdict.records).toBeGreaterThan(0);
  await walk.removeAll();
  expect(await walk.leftovers(join(dataDir, "pool"))).toEqual([]);
});
