import { execFile } from "node:child_process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { controllerLease } from "../../src/api/permissions.ts";
import { diagnose } from "../../src/cli/doctor/diagnose.ts";
import { observe } from "../../src/cli/doctor/observe.ts";
import type { KubeClient } from "../../src/kube/client/kube-client.ts";
import { createAuthority } from "../../src/lib/certificate.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { Daemon } from "../../src/lib/daemon.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { connect } from "../../src/processes/connect.ts";
import { programPath } from "../../src/processes/program.ts";
import { type KubeApiserver, kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { type Program, program } from "../../src/testing/program.ts";
import { binaries } from "./binaries.ts";
import * as objects from "./doctor/objects.ts";
import { type Kubectl, kubectlOn } from "./kubectl.ts";
import { kubeconfigOf } from "./rbac/accounts.ts";
import { freePort, patience, startWebhook } from "./webhook-process.ts";

/** One real API server, healthy at first; each test breaks one thing and mends it. */
let api: KubeApiserver;
let client: KubeClient;
let kubectl: Kubectl;
let groupsnap: Program;
let webhook: Daemon;
let webhookPort: number;
const webhookOn = () => startWebhook(groupsnap, { kubeconfig: api.kubeconfigPath, port: webhookPort });

const apply = (...all: readonly object[]) =>
  kubectl(
    ["apply", "--server-side", "--force-conflicts", "-f", "-"],
    all.map((one) => JSON.stringify(one)).join("\n---\n"),
  );
const remove = (...what: readonly string[]) => kubectl(["delete", ...what, "--wait=false"]);
const patch = (what: readonly string[], change: object) =>
  kubectl(["patch", ...what, "--type=merge", "-p", JSON.stringify(change)]);
const status = (what: readonly string[], change: object) =>
  kubectl(["patch", ...what, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status: change })]);
const groupsCrd = ["crd", "volumegroupsnapshots.groupsnapshot.storage.k8s.io"];

beforeAll(async () => {
  groupsnap = program();
  api = await kubeApiserver(binaries());
  client = await connect({ kubeconfig: api.kubeconfigPath, userAgent: "test" });
  kubectl = kubectlOn(api.kubeconfigPath);
  await kubectl(["apply", "--server-side", "-k", "deploy/kustomize/crds"]);
  await kubectl(["wait", "--for=condition=Established", "crd", "--all"]);
  webhookPort = await freePort();
  webhook = await webhookOn();
  await vi.waitFor(() => apply(...objects.healthy(systemClock.now())), patience);
  await status(["vgs", "db"], { readyToUse: true });
  await vi.waitFor(async () => expect(await findings()).toEqual([]), patience);
}, 120_000);
afterAll(async () => {
  client.close();
  await groupsnap.clean();
  await api.stop();
});

async function findings(stuckAfterMs = 600_000): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(30_000);
  const found = diagnose(await observe({ client, clock: systemClock, signal, stuckAfterMs }));
  return found.map(({ reason, on }) => `${reason}: ${on}`);
}

/** The built program, with its exit status. */
const doctor = (kubeconfig: string, ...args: readonly string[]) =>
  new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const argv = [programPath(), "doctor", "--kubeconfig", kubeconfig, ...args];
    execFile(process.execPath, argv, { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });

test("says what a healthy cluster has, that nothing is wrong, and exits with 0", async () => {
  const { code, stdout } = await doctor(api.kubeconfigPath);
  expect(stdout).toMatch(
    /volumegroupsnapshots\.groupsnapshot\.storage\.k8s\.io +v1alpha1,v1beta1,v1beta2,v1 +v1beta2 +Webhook/,
  );
  expect(stdout).toMatch(/VolumeGroupSnapshotClass +gold +yes +Delete +csi\.example\.com/);
  expect(stdout).toMatch(/groupsnap-system\/snapshot-controller-leader +yes/);
  expect(stdout).toContain("Nothing is wrong.");
  expect(code).toBe(0);
});

interface Trouble {
  readonly when: string;
  readonly says: readonly string[];
  readonly break: () => Promise<unknown>;
  readonly mend: () => Promise<unknown>;
}

const troubles: readonly Trouble[] = [
  {
    when: "a definition does not serve v1",
    says: [`VersionNotServed: CustomResourceDefinition ${groupsCrd[1]}`],
    break: () => serveV1(false),
    mend: () => serveV1(true),
  },
  {
    when: "no snapshot-controller renews its lease",
    says: ["NoController: Lease groupsnap-system/snapshot-controller-leader"],
    break: () => apply(objects.lease(controllerLease, "groupsnap-system", new Date(0))),
    mend: () => apply(objects.lease(controllerLease, "groupsnap-system", systemClock.now())),
  },
  {
    when: "another snapshot-controller leads in another namespace",
    says: [
      "TwoControllers: Lease default/snapshot-controller-leader, Lease groupsnap-system/snapshot-controller-leader",
    ],
    break: () => apply(objects.lease(controllerLease, "default", systemClock.now())),
    mend: () => remove("lease", controllerLease, "-n", "default"),
  },
  {
    when: "a driver's sidecar is gone",
    says: [`NoSidecar: driver ${objects.driver}`],
    break: () => remove("lease", objects.sidecarLease, "-n", "groupsnap-system"),
    mend: () => apply(objects.lease(objects.sidecarLease, "groupsnap-system", systemClock.now())),
  },
  {
    when: "a driver has two default classes",
    says: ["SeveralDefaultClasses: VolumeGroupSnapshotClass gold, silver"],
    break: () => apply(objects.groupClass("silver", objects.driver, true)),
    mend: () => remove("vgsclass", "silver"),
  },
  {
    when: "a class names a driver that was never started",
    says: ["NoSidecar: driver absent.example.com", "UnknownDriver: VolumeGroupSnapshotClass lost"],
    break: () => apply(objects.groupClass("lost", "absent.example.com", false)),
    mend: () => remove("vgsclass", "lost"),
  },
  {
    when: "upstream's sidecar runs with its gate off",
    says: ["GroupsOff: Pod default/theirs, container c"],
    break: () => apply(objects.pod("theirs", { image: "x.example.com/csi-snapshotter:v8.6.0", args: ["--v=5"] })),
    mend: () => remove("pod", "theirs", "--grace-period=0", "--force"),
  },
  {
    when: "our controller runs under an account without permissions",
    says: ["AccessMissing: ServiceAccount default/default"],
    break: () => apply(objects.pod("ours", { image: "groupsnap:0.1.0", args: ["snapshot-controller"] })),
    mend: () => remove("pod", "ours", "--grace-period=0", "--force"),
  },
  {
    when: "a group shows an error",
    says: ["ObjectFailed: VolumeGroupSnapshot default/db"],
    break: () => status(["vgs", "db"], { error: { message: "no class" }, readyToUse: false }),
    mend: () => status(["vgs", "db"], { error: null, readyToUse: true }),
  },
  {
    when: "a group's content is lost",
    says: ["ContentLost: VolumeGroupSnapshot default/broken"],
    break: async () => {
      await apply(objects.group("broken"));
      await status(["vgs", "broken"], { readyToUse: true, boundVolumeGroupSnapshotContentName: "gone" });
    },
    mend: () => remove("vgs", "broken"),
  },
  {
    when: "a content has lost its group, and would be deleted with it",
    says: ["Orphan: VolumeGroupSnapshotContent orphan"],
    break: async () => {
      await apply(objects.content("orphan"));
      await status(["vgsc", "orphan"], { readyToUse: true });
    },
    mend: () => remove("vgsc", "orphan"),
  },
  {
    when: "the webhook has died, and objects are stored",
    says: [
      ...["volumegroupsnapshotclasses", "volumegroupsnapshotcontents", "volumegroupsnapshots"].map(
        (plural) => `WebhookUnreachable: CustomResourceDefinition ${plural}.groupsnapshot.storage.k8s.io`,
      ),
      "ConversionFails: CustomResourceDefinition volumegroupsnapshotclasses.groupsnapshot.storage.k8s.io",
      "ConversionFails: CustomResourceDefinition volumegroupsnapshots.groupsnapshot.storage.k8s.io",
    ],
    break: () => webhook.end("SIGKILL"),
    mend: async () => {
      webhook = await webhookOn();
    },
  },
];

/** Versions are in one order in all definitions: v1 comes last. */
const serveV1 = (served: boolean) =>
  kubectl([
    "patch",
    ...groupsCrd,
    "--type=json",
    "-p",
    JSON.stringify([{ op: "replace", path: "/spec/versions/3/served", value: served }]),
  ]);

test.each(troubles)("when $when, names it, and has no complaint once it is mended", async (trouble) => {
  await trouble.break();
  await vi.waitFor(async () => expect(await findings()).toEqual(expect.arrayContaining([...trouble.says])), patience);
  await trouble.mend();
  await vi.waitFor(async () => expect(await findings()).toEqual([]), patience);
});

test("tells a bundle that has ended from one that ends soon", async () => {
  await webhook.end("SIGTERM"); // it would put its own back
  const year = 365 * 24 * 3600_000;
  const bundleMadeAgo = async (ms: number) => {
    const now = new Date(systemClock.now().getTime() - ms);
    const { certPem } = await createAuthority({ commonName: "old", now, random: systemRandom });
    const clientConfig = { caBundle: Buffer.from(certPem).toString("base64") };
    return patch(groupsCrd, { spec: { conversion: { webhook: { clientConfig } } } });
  };
  await bundleMadeAgo(20 * year);
  await vi.waitFor(
    async () => expect(await findings()).toContain(`BundleExpired: CustomResourceDefinition ${groupsCrd[1]}`),
    patience,
  );
  await bundleMadeAgo(10 * year - 7 * 24 * 3600_000);
  await vi.waitFor(
    async () => expect(await findings()).toContain(`BundleExpiresSoon: CustomResourceDefinition ${groupsCrd[1]}`),
    patience,
  );
  const service = { namespace: "groupsnap-system", name: "absent", path: "/convert" };
  await patch(groupsCrd, { spec: { conversion: { webhook: { clientConfig: { url: null, service } } } } });
  const { stdout, code } = await doctor(api.kubeconfigPath);
  expect(stdout).toContain("its service groupsnap-system/absent does not exist");
  expect(code).toBe(1);
  await patch(groupsCrd, { spec: { conversion: { strategy: "None", webhook: null } } });
  await vi.waitFor(
    async () => expect(await findings()).toContain(`ConversionMissing: CustomResourceDefinition ${groupsCrd[1]}`),
    patience,
  );
  webhook = await webhookOn();
  await vi.waitFor(async () => expect(await findings()).toEqual([]), patience);
});

test("takes as long as it is told to call an object stuck, in JSON too", async () => {
  await apply(objects.group("slow"), objects.content("held"));
  const finalizers = ["groupsnapshot.storage.kubernetes.io/volumegroupsnapshotcontent-bound-protection"];
  await patch(["vgsc", "held"], { metadata: { finalizers } });
  await remove("vgsc", "held");
  expect(await findings()).toEqual([]);
  const patient = await doctor(api.kubeconfigPath, "-o", "json", "--stuck-after=1ms");
  const { findings: found, definitions } = JSON.parse(patient.stdout);
  expect(found.map(({ reason, on }: { reason: string; on: string }) => `${reason}: ${on}`)).toEqual([
    "StuckTerminating: VolumeGroupSnapshotContent held",
    "StuckWaiting: VolumeGroupSnapshot default/slow",
  ]);
  expect(definitions).toHaveLength(6);
  expect(patient.code).toBe(1);
  await patch(["vgsc", "held"], { metadata: { finalizers: [] } });
  await remove("vgs", "slow");
});

test("tells somebody who may see nothing what they may not see, and names no trouble that it did not see", async () => {
  await kubectl(["create", "serviceaccount", "nobody", "-n", "default"]);
  const account = { name: "nobody", namespace: "default" };
  const { code, stdout } = await doctor(
    await kubeconfigOf(account, { client, api, folder: groupsnap.folder }),
    "-o",
    "json",
  );
  const reasons = JSON.parse(stdout).findings.map(({ reason }: { reason: string }) => reason);
  expect(new Set(reasons)).toEqual(new Set(["NotSeen"]));
  expect(reasons).toHaveLength(12);
  expect(code).toBe(0);
});

test("ends with 1 and the address when no API server answers", async () => {
  const kubeconfig = objects.deadKubeconfig(groupsnap.folder);
  const { code, stderr } = await doctor(kubeconfig);
  expect(code).toBe(1);
  expect(stderr).toContain("127.0.0.1:1");
});

test("names a definition that goes, as long as it takes, and when it is gone", async () => {
  const name = "volumesnapshotclasses.snapshot.storage.k8s.io";
  await remove("crd", name);
  await vi.waitFor(
    async () => expect(await findings()).toEqual([`DefinitionMissing: CustomResourceDefinition ${name}`]),
    patience,
  );
});
