import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type KubeClient, kubeClient } from "../kube/client/kube-client.ts";
import { loadConfig } from "../kube/client/kubeconfig.ts";
import type { Draft, KubeObject, Resource } from "../kube/object.ts";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";
import { type ThrowAwayApi, throwAwayApi } from "../testing/cluster.ts";
import { crds } from "./crds.ts";
import { groupContents, groupSnapshots } from "./group-snapshot/resources.ts";
import { snapshots } from "./snapshot/resources.ts";

let api: ThrowAwayApi;
let client: KubeClient;
const { signal } = new AbortController();

beforeAll(async () => {
  api = await throwAwayApi({ crds });
  const config = await loadConfig({ kubeconfig: api.kubeconfigPath });
  client = kubeClient({ config, userAgent: "groupsnap-test", clock: systemClock, random: systemRandom });
});
afterAll(async () => {
  client.close();
  await api.stop();
});

type Anything = KubeObject & { readonly spec: object; readonly status?: object };

let objects = 0;
function draft(resource: Resource, spec: object): Draft<Anything> {
  const metadata = { name: `object-${++objects}`, ...(resource.namespaced && { namespace: "default" }) };
  return { apiVersion: `${resource.group}/${resource.version}`, kind: resource.kind, metadata, spec };
}
const create = (resource: Resource, spec: object) =>
  client.create(resource as Resource<Anything>, draft(resource, spec), { signal });
const contains = (text: string) =>
  expect.objectContaining({ message: expect.stringContaining(text) as string }) as unknown;

const matchLabels = { group: "myGroup" };

test.each(["v1alpha1", "v1beta1", "v1beta2", "v1"])(
  "the example of the announcement applies in %s",
  async (version) => {
    const spec = { volumeGroupSnapshotClassName: "csi-groupsnapclass", source: { selector: { matchLabels } } };
    const made = await create({ ...groupSnapshots, version }, spec);
    const at = { namespace: "default", name: made.metadata.name };
    expect((await client.get(groupSnapshots, at, { signal })).spec).toEqual(spec);
  },
);

describe("a VolumeGroupSnapshot is refused, with the reason and the remedy, when it has", () => {
  const wanted = [{ key: "app", operator: "In" }];
  test.each<[string, object, string]>([
    [
      "no source",
      { source: {} },
      "exactly one of selector and volumeGroupSnapshotContentName must be set: select the claims",
    ],
    [
      "both sources",
      { source: { selector: { matchLabels }, volumeGroupSnapshotContentName: "c" } },
      "exactly one of selector",
    ],
    ["an empty selector", { source: { selector: {} } }, "must have matchLabels or matchExpressions"],
    [
      "a selector of nothing",
      { source: { selector: { matchLabels: {}, matchExpressions: [] } } },
      "must have matchLabels or matchExpressions",
    ],
    ["In without values", { source: { selector: { matchExpressions: wanted } } }, "operators In and NotIn need values"],
    [
      "Exists with values",
      { source: { selector: { matchExpressions: [{ key: "a", operator: "Exists", values: ["b"] }] } } },
      "take no values",
    ],
    [
      "an operator that is none",
      { source: { selector: { matchExpressions: [{ key: "a", operator: "Is" }] } } },
      'supported values: "In", "NotIn", "Exists", "DoesNotExist"',
    ],
    [
      "an empty class name",
      { volumeGroupSnapshotClassName: "", source: { selector: { matchLabels } } },
      "must not be empty: name a class",
    ],
    [
      "a class name that is too long",
      { volumeGroupSnapshotClassName: "x".repeat(254), source: { selector: { matchLabels } } },
      "253",
    ],
  ])("%s", async (_what, spec, expected) => {
    await expect(create(groupSnapshots, spec)).rejects.toEqual(contains(expected));
  });
});

test("the source of a group cannot be changed, exchanged or removed", async () => {
  const made = await create(groupSnapshots, { source: { selector: { matchLabels } } });
  const at = { namespace: "default", name: made.metadata.name };
  const patched = (source: object) =>
    client.patch(groupSnapshots, at, { type: "merge", patch: { spec: { source } } }, { signal });
  await expect(patched({ selector: { matchLabels: { group: "other" } } })).rejects.toEqual(
    contains("source.selector cannot be changed"),
  );
  await expect(patched({ selector: null, volumeGroupSnapshotContentName: "c" })).rejects.toEqual(
    contains("selector cannot be removed"),
  );
});

test("a group's content keeps 64-bit integers, and its handle once it is set", async () => {
  const made = await create(groupContents, {
    driver: "d",
    deletionPolicy: "Delete",
    source: { volumeHandles: ["a"] },
    volumeGroupSnapshotRef: { namespace: "default", name: "g" },
  });
  const patched = (status: object) =>
    client.patch(groupContents, made.metadata, { type: "merge", patch: { status } }, { signal, subresource: "status" });
  const told = await patched({
    volumeGroupSnapshotHandle: "h",
    volumeSnapshotInfoList: [{ creationTime: 1754000000123456789n }],
  });
  expect(told.status?.volumeSnapshotInfoList).toEqual([{ creationTime: 1754000000123456789n }]);
  await expect(patched({ volumeGroupSnapshotHandle: "other" })).rejects.toEqual(
    contains("volumeGroupSnapshotHandle cannot be changed"),
  );
});

test("a content in v1alpha1 keeps a source as the first v1alpha1 had it, and takes no two sources", async () => {
  const alpha = { ...groupContents, version: "v1alpha1" };
  const spec = { driver: "d", deletionPolicy: "Retain", volumeGroupSnapshotRef: { namespace: "default", name: "g" } };
  const made = await create(alpha, { ...spec, source: { persistentVolumeNames: ["pv-1"] } });
  expect(made.spec).toMatchObject({ source: { persistentVolumeNames: ["pv-1"] } });
  const both = { persistentVolumeNames: ["pv-1"], volumeHandles: ["v"] };
  await expect(create(alpha, { ...spec, source: both })).rejects.toEqual(contains("exactly one of volumeHandles"));
  await expect(create(alpha, { ...spec, source: {} })).rejects.toEqual(contains("exactly one of volumeHandles"));
});

test("a VolumeSnapshot names exactly one source", async () => {
  await expect(create(snapshots, { source: {} })).rejects.toEqual(
    contains("exactly one of persistentVolumeClaimName and volumeSnapshotContentName"),
  );
});
