import { afterAll, beforeAll, expect, test } from "vitest";
import { infoListAnnotation } from "../../src/api/annotations.ts";
import { crds } from "../../src/api/crds.ts";
import { groupConverters } from "../../src/api/group-snapshot/converters.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { stringifyJson } from "../../src/lib/json.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../src/testing/cluster.ts";
import { type RawClient, rawClient } from "../../src/testing/raw-client.ts";

const group = "groupsnapshot.storage.k8s.io";

const contentsDefinition = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/volumegroupsnapshotcontents.${group}`;
const longNs = 1754000000123456789n;

let api: ThrowAwayApi;
let client: RawClient;
beforeAll(async () => {
  api = await throwAwayApi({ crds, converters: groupConverters });
  client = rawClient(api);
});
afterAll(async () => {
  client.close();
  await api.stop();
});

const path = (version: string, name = "") =>
  `/apis/${group}/${version}/volumegroupsnapshotcontents/${name}`.replace(/\/$/, "");

async function makeContent(version: string, name: string, status: JsonObject): Promise<void> {
  const content = {
    apiVersion: `${group}/${version}`,
    kind: "VolumeGroupSnapshotContent",
    metadata: { name },
    spec: {
      driver: "d",
      deletionPolicy: "Retain",
      source: { volumeHandles: ["v"] },
      volumeGroupSnapshotRef: { name: "g", namespace: "n" },
    },
  };
  const made = await client.send("POST", path(version), { body: content });
  expect(made).toMatchObject({ code: 201 });
  const said = await client.send("PUT", `${path(version, name)}/status`, {
    body: stringifyJson({ ...made.body, status }),
  });
  expect(said).toMatchObject({ code: 200 });
}

const read = async (version: string, name: string) => (await client.send("GET", path(version, name))).body;

test("a content written as v1beta1 reads as v1 with its members, and as v1alpha1 in nanoseconds", async () => {
  const pairs = [{ volumeHandle: "v", snapshotHandle: "s" }];
  const creationTime = "2025-07-31T22:13:20.123456789Z";
  await makeContent("v1beta1", "beta", { creationTime, volumeSnapshotHandlePairList: pairs });
  expect((await read("v1", "beta")).status).toEqual({ creationTime, volumeSnapshotInfoList: pairs });
  expect((await read("v1beta1", "beta")).status).toEqual({ creationTime, volumeSnapshotHandlePairList: pairs });
  expect((await read("v1alpha1", "beta")).status).toMatchObject({ creationTime: longNs });
});

test("a content written as v1alpha1 reads as v1 with a moment, and as v1alpha1 as it was written", async () => {
  const status = {
    creationTime: longNs,
    volumeSnapshotContentRefList: [{ kind: "VolumeSnapshotContent", name: "c" }],
  };
  await makeContent("v1alpha1", "alpha", status);
  expect((await read("v1", "alpha")).status).toEqual({ creationTime: "2025-07-31T22:13:20.123456789Z" });
  expect((await read("v1alpha1", "alpha")).status).toEqual(status);
});

test("a client of v1beta1 that writes its whole content back costs the members no digit", async () => {
  const member = {
    volumeHandle: "v",
    snapshotHandle: "s",
    creationTime: longNs,
    readyToUse: true,
    restoreSize: longNs,
  };
  await makeContent("v1", "whole", { volumeSnapshotInfoList: [member] });
  const shown = await read("v1beta1", "whole");
  expect(shown.metadata).toMatchObject({ annotations: { [infoListAnnotation]: stringifyJson([member]) } });
  const labelled = { ...shown, metadata: { ...(shown.metadata as JsonObject), labels: { a: "b" } } };
  const put = await client.send("PUT", path("v1beta1", "whole"), { body: stringifyJson(labelled) });
  expect(put).toMatchObject({ code: 200 });
  expect((await read("v1", "whole")).status).toEqual({ volumeSnapshotInfoList: [member] });
  expect((await read("v1", "whole")).metadata).not.toHaveProperty("annotations");
});

test("an object kept in a version that is no longer the stored one is converted when it is read", async () => {
  await storeIn("v1beta1");
  const pairs = [{ volumeHandle: "v", snapshotHandle: "s" }];
  await makeContent("v1beta1", "old", { volumeSnapshotHandlePairList: pairs });
  await storeIn("v1");
  const list = await client.send("GET", path("v1"));
  const items = list.body.items as readonly JsonObject[];
  expect(items.find(({ metadata }) => (metadata as JsonObject).name === "old")).toMatchObject({
    apiVersion: `${group}/v1`,
    status: { volumeSnapshotInfoList: pairs },
  });
  await client.send("PATCH", path("v1", "old"), {
    body: { metadata: { labels: { touched: "yes" } } },
    contentType: "application/merge-patch+json",
  });
  await api.restart();
  expect(await read("v1", "old")).toMatchObject({ status: { volumeSnapshotInfoList: pairs } });
  const { code } = await client.send("DELETE", path("v1alpha1", "old"));
  expect(code).toBe(200);
});

/** Changes which version the definition of the contents stores. */
async function storeIn(version: string): Promise<void> {
  const { body } = await client.send("GET", contentsDefinition);
  const spec = body.spec as { readonly versions: readonly JsonObject[] };
  const versions = spec.versions.map((one) => ({ ...one, storage: one.name === version }));
  const put = await client.send("PUT", contentsDefinition, { body: { ...body, spec: { ...spec, versions } } });
  expect(put).toMatchObject({ code: 200 });
}
