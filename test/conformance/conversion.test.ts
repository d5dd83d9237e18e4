import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { infoListAnnotation } from "../../src/api/annotations.ts";
import { groupSnapshotCrds } from "../../src/api/group-snapshot/crds.ts";
import { groupContents } from "../../src/api/group-snapshot/resources.ts";
import { type GroupVersion, groupVersions } from "../../src/api/group-snapshot/versions.ts";
import type { KubeClient } from "../../src/kube/client/kube-client.ts";
import { definitions } from "../../src/kube/core/definition.ts";
import type { KubeObject, Resource } from "../../src/kube/object.ts";
import type { Daemon } from "../../src/lib/daemon.ts";
import { exec } from "../../src/lib/exec.ts";
import { equalJson } from "../../src/lib/json.ts";
import { connect } from "../../src/processes/connect.ts";
import { type KubeApiserver, kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { type Program, program } from "../../src/testing/program.ts";
import { binaries } from "./binaries.ts";
import { freePort, patience, served, startWebhook } from "./webhook-process.ts";

interface Content extends KubeObject {
  readonly spec: object;
  readonly status?: object;
}

const longNs = 1754000000123456789n;
const moment = "2025-07-31T22:13:20.123456789Z";
const pair = { volumeHandle: "v", snapshotHandle: "s" };
const member = { ...pair, creationTime: longNs, readyToUse: true, restoreSize: longNs };

/** A status as a client of each version writes it. */
const statusIn: Readonly<Record<GroupVersion, object>> = {
  v1alpha1: {
    creationTime: longNs,
    volumeSnapshotContentRefList: [{ kind: "VolumeSnapshotContent", name: "c" }],
    pvVolumeSnapshotContentList: [{ persistentVolumeRef: { name: "pv" }, volumeSnapshotContentRef: { name: "c" } }],
  },
  v1beta1: { creationTime: moment, volumeSnapshotHandlePairList: [pair] },
  v1beta2: { creationTime: moment, volumeSnapshotInfoList: [member] },
  v1: { creationTime: moment, volumeSnapshotInfoList: [member] },
};

let api: KubeApiserver;
let groupsnap: Program;
let client: KubeClient;
let webhook: Daemon;
let port: number;
beforeAll(async () => {
  groupsnap = program();
  api = await kubeApiserver(binaries());
  client = await connect({ kubeconfig: api.kubeconfigPath, userAgent: "test" });
  await kubectl("apply", "--server-side", "-f", "deploy/crds");
  await kubectl(
    "wait",
    "--for=condition=Established",
    "crd",
    ...groupSnapshotCrds.map(({ metadata }) => metadata.name),
  );
  port = await freePort();
  webhook = await startWebhook(groupsnap, { kubeconfig: api.kubeconfigPath, port });
  await untilConverted();
}, 120_000);
afterAll(async () => {
  client.close();
  await groupsnap.clean();
  await api.stop();
});

const kubectl = (...args: string[]) =>
  exec([join(binaries(), "kubectl"), "--kubeconfig", api.kubeconfigPath, ...args], {
    timeoutMs: 30_000,
    signal: AbortSignal.timeout(30_000),
  });

const call = () => ({ signal: AbortSignal.timeout(20_000) });
const resourceIn = (version: GroupVersion): Resource<Content> => ({
  ...groupContents,
  version,
  object: undefined as never,
});
const read = (version: GroupVersion, name: string) => served(() => client.get(resourceIn(version), { name }, call()));

async function write(version: GroupVersion, name: string, status: object): Promise<Content> {
  const resource = resourceIn(version);
  const draft = {
    apiVersion: `${resource.group}/${version}`,
    kind: resource.kind,
    metadata: { name },
    spec: {
      driver: "d",
      deletionPolicy: "Retain",
      source: { volumeHandles: ["v"] },
      volumeGroupSnapshotRef: { name: "g", namespace: "n" },
    },
  };
  const made = await served(() => client.create(resource, draft, call()));
  return served(() => client.updateStatus(resource, { ...made, status }, call()));
}

/** The API server hears of a changed definition a little later, and of the webhook's certificate with it. */
async function untilConverted(): Promise<void> {
  await write("v1", "probe", { volumeSnapshotInfoList: [member] });
  await vi.waitFor(async () => {
    expect((await read("v1beta1", "probe")).status).toHaveProperty("volumeSnapshotHandlePairList");
  }, patience);
  await served(() => client.delete(resourceIn("v1"), { name: "probe" }, call()));
}

describe("kube-apiserver with our webhook", () => {
  test("points the definitions at the webhook, and points them there again after they are applied anew", async () => {
    const [crd] = groupSnapshotCrds;
    const name = crd?.metadata.name ?? "";
    const conversion = async () => (await client.get(definitions, { name }, call())).spec;
    expect(await conversion()).toMatchObject({ conversion: { strategy: "Webhook" } });
    await client.patch(
      definitions,
      { name },
      { type: "merge", patch: { spec: { conversion: { strategy: "None", webhook: null } } } },
      call(),
    );
    await vi.waitFor(async () => {
      expect(await conversion()).toMatchObject({
        conversion: { webhook: { clientConfig: { url: `https://127.0.0.1:${port}/convert` } } },
      });
    });
  });

  test.each(groupVersions)(
    "a content written in %s reads in every version, and in its own as it was written",
    async (version) => {
      await write(version, `in-${version}`, statusIn[version]);
      const shown = await Promise.all(groupVersions.map((other) => read(other, `in-${version}`)));
      expect(shown.map(({ apiVersion }) => apiVersion)).toEqual(
        groupVersions.map((other) => `${groupContents.group}/${other}`),
      );
      const [alpha, , , newest] = shown;
      expect(alpha?.status).toMatchObject({ creationTime: longNs });
      expect(newest?.status).toMatchObject({ creationTime: moment });
      const own = await read(version, `in-${version}`);
      expect(equalJson(own.status, statusIn[version])).toBe(true);
    },
  );

  test("the members of a content written in v1beta1 are there in v1, and the other way round", async () => {
    expect((await read("v1", "in-v1beta1")).status).toEqual({ creationTime: moment, volumeSnapshotInfoList: [pair] });
    const old = await read("v1beta1", "in-v1");
    expect(old.status).toMatchObject({ volumeSnapshotHandlePairList: [pair] });
    expect(old.metadata.annotations?.[infoListAnnotation]).toContain(`"creationTime":${longNs}`);
  });

  test("a content that is written back whole through v1beta1 and v1alpha1 loses no digit", async () => {
    for (const version of ["v1beta1", "v1alpha1"] as const) {
      const shown = await read(version, "in-v1");
      const labelled = { ...shown, metadata: { ...shown.metadata, labels: { [version]: "yes" } } };
      const written = await client.update(resourceIn(version), labelled, call());
      await served(() => client.updateStatus(resourceIn(version), written, call()));
    }
    const after = await read("v1", "in-v1");
    expect(equalJson(after.status, statusIn.v1)).toBe(true);
    expect(after.metadata.annotations).toBeUndefined();
  });

  test("a webhook that is gone is said in the error, and one that comes back with another authority works", async () => {
    await webhook.end("SIGKILL");
    await expect(read("v1beta1", "in-v1")).rejects.toThrow(
      /conversion webhook for .*VolumeGroupSnapshotContent failed/,
    );
    expect((await read("v1beta2", "in-v1")).status).toBeDefined();
    webhook = await startWebhook(groupsnap, { kubeconfig: api.kubeconfigPath, port });
    await vi.waitFor(async () => {
      expect((await read("v1beta1", "in-v1")).status).toMatchObject({ volumeSnapshotHandlePairList: [pair] });
    }, patience);
  });

  test("a content is deleted through any version", async () => {
    for (const version of groupVersions)
      await served(() => client.delete(resourceIn(version), { name: `in-${version}` }, call()));
    const { items } = await client.list(resourceIn("v1"), call());
    expect(items).toEqual([]);
  });
});

describe("objects from before an upgrade", () => {
  test("a content that was stored when v1beta1 alone was served has its members in v1, and goes through it", async () => {
    const name = `volumegroupsnapshotcontents.${groupContents.group}`;
    await kubectl("delete", "crd", name);
    const [, ours] = groupSnapshotCrds;
    const beta = ours?.spec.versions.filter((version) => version.name === "v1beta1") ?? [];
    const onlyBeta = { ...ours?.spec, versions: beta.map((version) => ({ ...version, storage: true })) };
    await client.create(definitions, { ...ours, spec: onlyBeta } as never, call());
    await untilServed("v1beta1");
    await vi.waitFor(() => write("v1beta1", "old", statusIn.v1beta1), patience); // it is pointed at the webhook meanwhile
    await kubectl("apply", "--server-side", "--force-conflicts", "-f", "deploy/crds");
    await untilServed("v1");
    await vi.waitFor(
      async () =>
        expect((await read("v1", "old")).status).toEqual({ creationTime: moment, volumeSnapshotInfoList: [pair] }),
      patience,
    );
    const old = await read("v1", "old");
    await served(() => client.updateStatus(resourceIn("v1"), { ...old, status: statusIn.v1 }, call()));
    expect((await read("v1beta1", "old")).status).toMatchObject({ volumeSnapshotHandlePairList: [pair] });
    await served(() => client.delete(resourceIn("v1"), { name: "old" }, call()));
    expect((await client.list(resourceIn("v1"), call())).items).toEqual([]);
  });
});

async function untilServed(version: GroupVersion): Promise<void> {
  await vi.waitFor(() => client.list(resourceIn(version), call()), patience);
}
