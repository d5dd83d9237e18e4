import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { localDriverName } from "../../src/api/local-driver.ts";
import { type Process, permissions } from "../../src/api/permissions.ts";
import { clusterRoleName } from "../../src/api/rbac.ts";
import type { KubeClient } from "../../src/kube/client/kube-client.ts";
import type { Daemon } from "../../src/lib/daemon.ts";
import { connect } from "../../src/processes/connect.ts";
import { type KubeApiserver, kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { type Program, program } from "../../src/testing/program.ts";
import { binaries } from "./binaries.ts";
import { type Kubectl, kubectlOn } from "./kubectl.ts";
import { accessOf, kubeconfigOf } from "./rbac/accounts.ts";
import { type Audit, allowedTo, auditIn, deniedOf, unusedOf } from "./rbac/audit.ts";
import { furnish, type Life, lifeOf, namespace as shop } from "./rbac/life.ts";
import { freePort, patience } from "./webhook-process.ts";

/** Every process under its own service account, with what its table gives it and nothing else. */
const system = "groupsnap-system";
const processes = Object.keys(permissions) as readonly Process[];

/** What the life below has no occasion for. */
const behind = "what the cache may not have yet is read itself, which takes a moment that no test can choose";
const again = "the machine was registered in an earlier life, with other labels or drivers";
const unseen: Readonly<Record<string, string>> = {
  "node: get events": again,
  "node: get persistentvolumes": behind,
  "node: patch events": again,
  "node: patch nodes": again,
  "node: patch storage.k8s.io/csinodes": again,
  "snapshot-controller: get groupsnapshot.storage.k8s.io/volumegroupsnapshotcontents": behind,
  "snapshot-controller: get persistentvolumeclaims": behind,
  "snapshot-controller: get persistentvolumes": behind,
  "snapshot-controller: patch snapshot.storage.k8s.io/volumesnapshots/status":
    "an attempt that failed for good is shown",
};

let api: KubeApiserver;
let groupsnap: Program;
let audit: Audit;
let client: KubeClient;
let kubectl: Kubectl;
beforeAll(async () => {
  groupsnap = program();
  vi.stubEnv("POD_NAMESPACE", system); // as the pods that the processes would run in
  audit = auditIn(groupsnap.folder, system);
  api = await kubeApiserver(binaries(), audit.flags);
  client = await connect({ kubeconfig: api.kubeconfigPath, userAgent: "test" });
  kubectl = kubectlOn(api.kubeconfigPath);
  await kubectl(["apply", "--server-side", "-k", "deploy/kustomize/crds"]);
  await kubectl(["wait", "--for=condition=Established", "crd", "--all"]);
  for (const name of [system, shop]) await kubectl(["create", "namespace", name]);
  const access = processes.flatMap((process) => accessOf(process, { namespace: system, secretsIn: shop }));
  await kubectl(["apply", "-f", "-"], access.map((object) => JSON.stringify(object)).join("\n---\n"));
}, 120_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  client.close();
  await groupsnap.clean();
  await api.stop();
});

async function start(process: Process, ...flags: readonly string[]): Promise<Daemon> {
  const kubeconfig = await kubeconfigOf(
    { name: process, namespace: system },
    { client, api, folder: groupsnap.folder },
  );
  return groupsnap.start([process, "--kubeconfig", kubeconfig, ...flags], AbortSignal.timeout(60_000));
}

/** A lease that its holder left behind is not waited for long. */
const timing = ["lease-duration=4s", "renew-deadline=3s", "retry-period=1s"].map((flag) => `--leader-election-${flag}`);

describe("processes under service accounts of their own", () => {
  let controller: Daemon;
  let sidecar: Daemon;
  let provisioner: Daemon;
  let ports: readonly number[] = [];
  const csi = () => ["--csi-address", join(groupsnap.folder, "csi.sock")];
  const election = ["--leader-election=true", "--leader-election-namespace", system, ...timing];
  const capacity = ["--enable-capacity", "--capacity-for-immediate-binding", "--capacity-poll-interval=1s"];
  const startControllers = async (...flags: readonly string[]) => {
    provisioner = await start("provisioner", ...csi(), ...election, ...capacity);
    sidecar = await start("csi-snapshotter", ...csi(), ...election, `--http-endpoint=127.0.0.1:${ports[0]}`);
    controller = await start("snapshot-controller", ...election, `--http-endpoint=127.0.0.1:${ports[1]}`, ...flags);
  };
  const warnedOf = (life: Life, count: number) =>
    vi.waitFor(async () => {
      const warned = await life.warnings("hopeless");
      for (const component of ["snapshot-controller", "csi-snapshotter", localDriverName])
        expect(warned).toMatch(new RegExp(`^${count} ${component}`, "m"));
    }, patience);

  test("take groups, singles and claims through their lives, and are refused nothing", {
    timeout: 240_000,
  }, async () => {
    const socket = join(groupsnap.folder, "csi.sock");
    const pool = join(groupsnap.folder, "pool");
    const room = ["--pool", pool, "--pool-size=1Gi"]; // so that each claim leaves less of it
    const port = await freePort();
    ports = [await freePort(), await freePort(), await freePort()];
    const driver = [
      "driver",
      "--endpoint",
      `unix://${socket}`,
      "--node-id",
      "n",
      `--http-endpoint=127.0.0.1:${ports[2]}`,
    ];
    await groupsnap.start([...driver, ...room]);
    const here = ["--port", `${port}`, "--bind-address", "127.0.0.1", "--url", `https://127.0.0.1:${port}/convert`];
    await start("webhook", ...here);
    await start("node", ...csi(), "--data-dir", join(groupsnap.folder, "n"));
    await startControllers();

    await furnish(kubectl);
    const life = lifeOf(kubectl);
    await life.claims("data", "wal");
    await life.group("dynamic", "Delete");
    await life.single("alone", "Delete");
    await life.restore("copy", "alone");
    await life.grow("copy");
    await life.group("kept", "Retain");
    const content = await life.read("vgs/kept", "{.status.boundVolumeGroupSnapshotContentName}");
    const status = JSON.parse(await life.read(`vgsc/${content}`, "{.status}"));
    await life.single("kept", "Retain");
    const handle = await life.read(
      `vsc/${await life.read("vs/kept", "{.status.boundVolumeSnapshotContentName}")}`,
      "{.status.snapshotHandle}",
    );
    await life.refused("hopeless");
    await warnedOf(life, 1);
    for (const process of [controller, sidecar, provisioner]) await process.end("SIGTERM");
    await startControllers("--enable-distributed-snapshotting");
    await warnedOf(life, 2);
    await life.remove("vgs", "--all");
    await life.remove("vs", "--all");
    await kubectl(["delete", "vgsc,vsc", "--all", "--timeout=60s"]); // the retained ones
    await life.importedSingle("imported", handle);
    await life.importedGroup("imported", {
      volumeGroupSnapshotHandle: status.volumeGroupSnapshotHandle,
      volumeSnapshotHandles: status.volumeSnapshotInfoList.map(
        (info: { snapshotHandle: string }) => info.snapshotHandle,
      ),
    });
    await life.remove("vgs,vs,pvc", "--all");
    await kubectl(["delete", "storageclass", "senseless"]);
    const told = () => kubectl(["get", "csistoragecapacities", "-n", system, "-o", "name"]);
    await vi.waitFor(async () => expect((await told()).trim().split("\n")).toHaveLength(1), patience);
    await vi.waitFor(async () => expect(await life.left()).toBe(""), patience);
    expect(deniedOf(audit.read())).toEqual([]);
  });

  test("serve every metric that the chart's alerts ask for", async () => {
    const alerts = readFileSync("deploy/helm/groupsnap/files/alerts.yaml", "utf8");
    const asked = new Set(alerts.match(/[a-z_]+(?=[{[])/g)?.filter((name) => name !== "up"));
    expect(asked.size).toBe(5);
    const pages = ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
    const served = (await Promise.all(pages)).join();
    expect([...asked].filter((name) => !new RegExp(`^${name}[{ ]`, "m").test(served))).toEqual([]);
  });

  test("use every permission that they have, but those listed with a reason", () => {
    expect(unusedOf(audit.read(), processes).filter((words) => !(words in unseen))).toEqual([]);
    expect(allowedTo(processes)).toEqual(expect.arrayContaining(Object.keys(unseen))); // no reason outlives its rule
    expect(unusedOf([], ["webhook"])).toHaveLength(3); // who did nothing used nothing
  });

  test("are seen to be refused as soon as one rule is taken away", async () => {
    const role = clusterRoleName("csi-snapshotter");
    const kept = permissions["csi-snapshotter"].cluster.findIndex(({ subresource }) => subresource === "status");
    await kubectl([
      "patch",
      "clusterrole",
      role,
      "--type=json",
      "-p",
      JSON.stringify([{ op: "remove", path: `/rules/${kept}` }]),
    ]);
    const life = lifeOf(kubectl);
    await life.claims("data");
    await life.askSingle("late", "Delete");
    await vi.waitFor(() => expect(deniedOf(audit.read())).not.toEqual([]), patience);
    expect(deniedOf(audit.read()).join()).toContain(
      "csi-snapshotter: patch snapshot.storage.k8s.io/volumesnapshotcontents/status",
    );
  });
});
