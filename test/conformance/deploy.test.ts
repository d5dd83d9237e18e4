import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crds } from "../../src/api/crds.ts";
import { type KubeApiserver, kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { binaries } from "./binaries.ts";
import { driverChart, operatorCrd, upstreamDeployment } from "./deploy/fixtures.ts";
import { helm as helmIn } from "./deploy/helm.ts";
import { parseManifest, podsOf } from "./deploy/rendered.ts";
import { type Kubectl, kubectlOn } from "./kubectl.ts";

/** What deploy/ gives to kustomize and Helm, on a real API server: it has no nodes, but it checks every field. */
let api: KubeApiserver;
let kubectl: Kubectl;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gs-deploy-"));
  api = await kubeApiserver(binaries(), ["--allow-privileged"]); // the storage driver is
  kubectl = kubectlOn(api.kubeconfigPath);
}, 90_000);
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

const helm = (...args: readonly string[]) => helmIn(args, { folder, kubeconfig: api.kubeconfigPath });
const chart = "deploy/helm/groupsnap";
const established = () =>
  kubectl(["wait", "--for=condition=Established", "crd", ...crds.map(({ metadata }) => metadata.name)]);
const namespace = (name: string) =>
  kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));
const dryRun = (manifest: string) =>
  kubectl(["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"], manifest);

describe("the Helm chart, on a cluster that has upstream's definitions,", () => {
  test("upgrades definitions that are there, keeps who converts them, and leaves them when it is removed", async () => {
    const name = "volumegroupsnapshots.groupsnapshot.storage.k8s.io";
    const read = (path: string) => kubectl(["get", "crd", name, "-o", `jsonpath=${path}`]);
    await namespace("gs");
    await kubectl(["apply", "--server-side", "-k", realpathSync(join(binaries(), "crds")), "--field-manager=admin"]);
    expect(await read("{.spec.versions[*].name}")).not.toContain("v1alpha1");
    await expect(helm("install", "gs", chart, "-n", "gs")).rejects.toThrow(/invalid ownership metadata/);
    await helm("install", "gs", chart, "-n", "gs", "--take-ownership");
    expect(await read("{.spec.versions[*].name}")).toContain("v1alpha1");

    const clientConfig = { url: "https://example.com/convert" };
    const conversion = { strategy: "Webhook", webhook: { clientConfig, conversionReviewVersions: ["v1"] } };
    await kubectl(["patch", "crd", name, "--type=merge", "-p", JSON.stringify({ spec: { conversion } })]);
    await helm("upgrade", "gs", chart, "-n", "gs", "--set=controller.replicas=3");
    expect(await read("{.spec.conversion.webhook.clientConfig.url}")).toBe(clientConfig.url);
    await kubectl([
      "patch",
      "crd",
      name,
      "--type=merge",
      "-p",
      '{"spec":{"conversion":{"strategy":"None","webhook":null}}}',
    ]);
    await helm("uninstall", "gs", "-n", "gs");
    expect(await read("{.metadata.name}")).toBe(name);
    expect(await kubectl(["get", "deployment", "-n", "gs", "-o", "name"])).toBe("");
  });
});

describe("kustomize", () => {
  const system = "groupsnap-system";

  test("takes over upstream's snapshot-controller in place", async () => {
    await namespace("kube-system");
    await kubectl(["apply", "-f", "-"], JSON.stringify(upstreamDeployment));
    await kubectl(["apply", "--server-side", "--force-conflicts", "-k", "deploy/kustomize/overlays/from-upstream"]);
    const path = "{.spec.template.spec.containers[*].image} {.spec.template.spec.serviceAccountName}";
    const where = ["deployment", "snapshot-controller", "-n", "kube-system"];
    const images = await kubectl(["get", ...where, "-o", `jsonpath=${path}`]);
    expect(images).toBe("groupsnap:0.1.0 snapshot-controller");
  });

  test.each([
    "crds",
    "csi-snapshotter",
    "base",
    "overlays/single-node",
    "overlays/single-node/classes",
    "overlays/from-upstream",
  ])("makes objects of %s that the API server accepts whole", async (path) => {
    await kubectl(["apply", "--server-side", "--force-conflicts", "-k", "deploy/kustomize/crds"]);
    await established();
    await namespace(system);
    const manifest = await kubectl(["kustomize", `deploy/kustomize/${path}`]);
    const accepted = await dryRun(manifest);
    expect(accepted.trim().split("\n")).toHaveLength(parseManifest(manifest).length);
  });

  test("makes pods of the base that a restricted namespace admits, and a root's pod is not", async () => {
    const restricted = { metadata: { labels: { "pod-security.kubernetes.io/enforce": "restricted" } } };
    await kubectl(["patch", "namespace", system, "--type=merge", "-p", JSON.stringify(restricted)]);
    const pods = podsOf(parseManifest(await kubectl(["kustomize", "deploy/kustomize/base"])), system);
    expect(pods).toHaveLength(2);
    for (const pod of pods) expect(await dryRun(JSON.stringify(pod))).toContain("serverside-applied");
    const [driver] = podsOf(
      parseManifest(await kubectl(["kustomize", "deploy/kustomize/overlays/single-node"])),
      system,
    ).slice(-1);
    await expect(dryRun(JSON.stringify(driver))).rejects.toThrow(/restricted volume types/);
  });
});

describe("the Helm chart", () => {
  const everything = [
    "--set=podDisruptionBudget.enabled=true,networkPolicy.enabled=true,serviceMonitor.enabled=true",
    "--set=prometheusRule.enabled=true,controller.replicas=3,controller.distributedSnapshotting=true,webhook.args={--verbosity=4}",
    `--set=image.digest=sha256:${"0".repeat(64)},image.pullSecrets[0].name=s`,
    '--set-json=sidecar.drivers=[{"serviceAccount":"d","namespace":"gs","secretsIn":["gs"]}]',
    '--set-json=controller.tolerations=[{"operator":"Exists"}]',
    '--set-json=controller.affinity={"nodeAffinity":{}}',
    '--set-json=webhook.topologySpreadConstraints=[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}]',
    "--set=controller.nodeSelector.disk=ssd,webhook.podLabels.a=b,webhook.podAnnotations.c=d",
    '--set-json=networkPolicy.metricsFrom=[{"podSelector":{}}]',
    "--set=serviceMonitor.labels.release=p,prometheusRule.labels.release=p",
    "--set=driver.enabled=true,driver.nodeSelector.disk=ssd,driver.podAnnotations.c=d,driver.args={--verbosity=4}",
  ];
  const variants: Readonly<Record<string, readonly string[]>> = {
    "as it comes": [],
    "with everything on": everything,
    "without definitions": ["--set=crds.install=false"],
    "with the webhook alone": ["--set=controller.enabled=false,sidecar.roles=false"],
    "with the driver over a folder": [
      "--set=driver.enabled=true,driver.storageClass.create=false",
      "--set-json=driver.image=null",
    ],
    "with the controller alone": ["--set=webhook.enabled=false,podDisruptionBudget.enabled=false"],
  };
  const template = (...args: readonly string[]) =>
    helm("template", "groupsnap", chart, "--namespace=gs", "--kube-version=1.37.2", ...args);

  beforeAll(async () => {
    await namespace("gs");
    await kubectl(["apply", "--server-side", "--force-conflicts", "-k", "deploy/kustomize/crds"]);
    await kubectl(["apply", "-f", "-"], ["ServiceMonitor", "PrometheusRule"].map(operatorCrd).join("\n---\n"));
    await established();
    await kubectl(["wait", "--for=condition=Established", "crd", "--all"]);
  });

  test.each(Object.entries(variants))(
    "is linted without complaint, and accepted by the API server, %s",
    async (_, args) => {
      expect(await helm("lint", "--strict", chart, ...args)).toContain("0 chart(s) failed");
      const manifest = await template(...args);
      const accepted = await dryRun(manifest);
      expect(accepted.trim().split("\n")).toHaveLength(parseManifest(manifest).length);
    },
  );

  test("gives the processes the same rules as kustomize does", async () => {
    const rulesIn = (manifest: string) =>
      Object.fromEntries(
        parseManifest(manifest).flatMap((object) =>
          object.kind === "ClusterRole" ? [[object.metadata.name, (object as { rules?: unknown }).rules]] : [],
        ),
      );
    const roles = { ...rulesIn(await kubectl(["kustomize", "deploy/kustomize/base"])) };
    Object.assign(roles, rulesIn(await kubectl(["kustomize", "deploy/kustomize/csi-snapshotter"])));
    expect(rulesIn(await template())).toEqual(roles);
    expect(Object.keys(roles)).toHaveLength(7);
    Object.assign(roles, rulesIn(await kubectl(["kustomize", "deploy/kustomize/overlays/single-node"])));
    expect(rulesIn(await template("--set=driver.enabled=true"))).toEqual(roles);
    expect(Object.keys(roles)).toHaveLength(11);
  });

  test("starts the driver's pod as kustomize does, but for names and the engine", async () => {
    const podIn = (manifest: string) =>
      parseManifest(manifest).find(({ kind }) => kind === "DaemonSet")?.spec?.template?.spec;
    const ours = podIn(await template("--set=driver.enabled=true"));
    const theirs = podIn(await kubectl(["kustomize", "deploy/kustomize/overlays/single-node"]));
    const lined = (pod: typeof ours) =>
      pod?.containers.map(({ args }) =>
        args.filter((arg) => !/^--(engine|pool-image-size|pool-filesystem)=/.test(arg)),
      );
    expect(lined(ours)).toEqual(lined(theirs));
    expect(ours?.containers).toHaveLength(3);
    expect(Object.keys(ours ?? {})).toEqual(expect.arrayContaining(["volumes", "containers", "serviceAccountName"]));
  });

  test("lets the controller tell contents' nodes, and read nodes, where it installs the driver, as kustomize does", async () => {
    const distributed = (manifest: string) => {
      const objects = parseManifest(manifest);
      const controller = objects.find(
        ({ kind, metadata }) => kind === "Deployment" && /controller/.test(metadata.name),
      );
      const [container] = controller?.spec?.template?.spec.containers ?? [];
      const bound = objects.filter(
        ({ kind, metadata }) => kind.endsWith("Binding") && metadata.name.endsWith("-distributed"),
      );
      return [container?.args.includes("--enable-distributed-snapshotting"), bound.length];
    };
    expect(distributed(await template("--set=driver.enabled=true"))).toEqual([true, 1]);
    expect(distributed(await kubectl(["kustomize", "deploy/kustomize/overlays/single-node"]))).toEqual([true, 1]);
    expect(distributed(await template())).toEqual([false, 0]);
    expect(distributed(await kubectl(["kustomize", "deploy/kustomize/base"]))).toEqual([false, 0]);
  });

  test.each([
    ["--set=controller.replica=2", "replica"],
    ["--set=controller.replicas=0", "minimum"],
    ["--set=image.digest=latest", "pattern"],
    ["--set=webhook.args={verbose}", "pattern"],
    ["--set=sidecar.drivers[0].namespace=x", "serviceAccount"],
    ["--set=driver.engine=fast", "engine"],
  ])("refuses %s, and says where", async (flag, complaint) => {
    await expect(template(flag)).rejects.toThrow(complaint);
  });

  test("hands the sidecar's container to the chart of a driver that depends on it", async () => {
    const manifest = await helm("template", "driver", driverChart(folder), "--kube-version=1.37.2");
    const pod = parseManifest(manifest).find(({ metadata }) => metadata.name === "my-driver");
    expect(pod?.spec?.template?.spec.containers.map(({ image, args }) => [image, ...args])).toEqual([
      ["groupsnap:0.1.0", "csi-snapshotter", "--csi-address=/csi/csi.sock", "--timeout=2m"],
    ]);
  });
});
