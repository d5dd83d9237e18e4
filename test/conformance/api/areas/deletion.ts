import { expect } from "vitest";
import { type Made, objectOf } from "../api.ts";
import { area } from "../area.ts";
import { gadget, map } from "../objects.ts";

export const deletion = area("deletion");
const { test } = deletion;

const hold = "example.net/hold";

test("a deletion of what nothing holds is answered with a Success that names it", async ({
  make,
  delete: remove,
  get,
  maps,
  gadgets,
}) => {
  const made = await make(maps, map("a"));
  const answer = await remove(`${maps}/a`);
  expect(answer.code).toBe(200);
  expect(answer.body).toEqual({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name: "a", kind: "configmaps", uid: made.metadata.uid },
  });
  expect((await get(`${maps}/a`)).code).toBe(404);
  const custom = await make(gadgets, gadget("a"));
  expect((await remove(`${gadgets}/a`)).body.details).toEqual({
    name: "a",
    group: "example.net",
    kind: "gadgets",
    uid: custom.metadata.uid,
  });
});

test("a deletion of what is not there is 404 with details", async ({ delete: remove, maps }) => {
  const answer = await remove(`${maps}/none`);
  expect(answer.code).toBe(404);
  expect(answer.body).toMatchObject({
    reason: "NotFound",
    message: 'configmaps "none" not found',
    details: { name: "none", kind: "configmaps" },
  });
});

test("a finalizer holds a deleted object, which tells when it was deleted and rises a generation (surprise 8)", async ({
  make,
  delete: remove,
  get,
  gadgets,
}) => {
  await make(gadgets, gadget("a", { size: 1 }, { finalizers: [hold] }));
  const answer = await remove(`${gadgets}/a`);
  expect(answer.code).toBe(200);
  expect(objectOf(answer)).toMatchObject({
    kind: "Gadget",
    metadata: {
      generation: 2,
      deletionGracePeriodSeconds: 0,
      deletionTimestamp: expect.stringMatching(/Z$/),
      finalizers: [hold],
    },
  });
  expect((await get(`${gadgets}/a`)).code).toBe(200);
});

test("a second deletion of what is held changes nothing", async ({ make, delete: remove, gadgets }) => {
  await make(gadgets, gadget("a", { size: 1 }, { finalizers: [hold] }));
  const first = objectOf(await remove(`${gadgets}/a`));
  const second = await remove(`${gadgets}/a`);
  expect([second.code, objectOf(second)]).toEqual([200, first]);
});

test("what is held goes when its last finalizer does, by update or patch, and the answer still shows it", async ({
  make,
  delete: remove,
  patch,
  put,
  get,
  maps,
}) => {
  for (const name of ["a", "b"]) {
    await make(maps, map(name, {}, { finalizers: [hold, `${hold}-too`] }));
    await remove(`${maps}/${name}`);
  }
  const one = objectOf(await patch("merge", `${maps}/a`, { metadata: { finalizers: [hold] } }));
  expect((await get(`${maps}/a`)).code).toBe(200);
  const last = await put(`${maps}/a`, { ...one, metadata: { ...one.metadata, finalizers: [] } });
  const patched = await patch("json", `${maps}/b`, [{ op: "remove", path: "/metadata/finalizers" }]);
  expect([last, patched].map(({ code, body }) => [code, body.kind])).toEqual(Array(2).fill([200, "ConfigMap"]));
  expect([(await get(`${maps}/a`)).code, (await get(`${maps}/b`)).code]).toEqual([404, 404]);
});

test("a finalizer cannot be added to what is being deleted", async ({ make, delete: remove, patch, gadgets, maps }) => {
  for (const [path, body] of [
    [gadgets, gadget("a", { size: 1 }, { finalizers: [hold] })],
    [maps, map("a", {}, { finalizers: [hold] })],
  ] as const) {
    await make(path, body);
    await remove(`${path}/a`);
    const answer = await patch("merge", `${path}/a`, { metadata: { finalizers: [hold, "example.net/new"] } });
    expect([answer.code, answer.body.reason]).toEqual([422, "Invalid"]);
    expect(answer.body.message).toContain("no new finalizers can be added if the object is being deleted");
  }
});

test("the rest of what is being deleted can still change, and cannot come back", async ({
  make,
  delete: remove,
  patch,
  gadgets,
}) => {
  await make(gadgets, gadget("a", { size: 1 }, { finalizers: [hold] }));
  const deleted = objectOf(await remove(`${gadgets}/a`));
  const changed = objectOf(
    await patch("merge", `${gadgets}/a`, { metadata: { deletionTimestamp: null }, spec: { size: 2 } }),
  );
  expect(changed.spec).toMatchObject({ size: 2 });
  expect(changed.metadata.deletionTimestamp).toBe(deleted.metadata.deletionTimestamp);
});

test("a deletion with another uid or version than the object's is 409 and deletes nothing", async ({
  make,
  delete: remove,
  get,
  maps,
}) => {
  const { metadata } = await make(maps, map("a"));
  const uid = await remove(`${maps}/a`, { preconditions: { uid: "00000000-0000-4000-8000-000000000000" } });
  const version = await remove(`${maps}/a`, { preconditions: { resourceVersion: "1" } });
  expect([uid, version].map(({ code, body }) => `${code} ${body.reason}`)).toEqual(["409 Conflict", "409 Conflict"]);
  expect(uid.body.message).toContain(
    "the UID in the precondition (00000000-0000-4000-8000-000000000000) does not match",
  );
  expect((await get(`${maps}/a`)).code).toBe(200);
  const right = { uid: metadata.uid, resourceVersion: metadata.resourceVersion };
  expect((await remove(`${maps}/a`, { preconditions: right })).code).toBe(200);
});

test("options of a deletion come in the body or in the query", async ({ make, send, gadgets }) => {
  await make(gadgets, gadget("a"));
  const answer = await send("DELETE", `${gadgets}/a?propagationPolicy=Foreground`);
  expect(objectOf(answer).metadata.finalizers).toEqual(["foregroundDeletion"]);
  await make(gadgets, gadget("b"));
  const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Orphan" };
  expect(objectOf(await send("DELETE", `${gadgets}/b`, { body })).metadata.finalizers).toEqual(["orphan"]);
});

test("an unknown propagation is refused, and so are two at once", async ({ make, delete: remove, maps }) => {
  await make(maps, map("a"));
  const unknown = await remove(`${maps}/a`, { propagationPolicy: "Sideways" });
  const both = await remove(`${maps}/a`, { propagationPolicy: "Orphan", orphanDependents: true });
  expect([unknown, both].map(({ code }) => code)).toEqual([422, 422]);
});

test("a body of a deletion that is not its options is 400", async ({ make, send, maps }) => {
  await make(maps, map("a"));
  const answers = [
    await send("DELETE", `${maps}/a`, { body: "{" }),
    await send("DELETE", `${maps}/a`, { body: { kind: "Secret", apiVersion: "v1" } }),
  ];
  expect(answers.map(({ code }) => code)).toEqual([400, 400]);
});

test("a collection is deleted as its selectors say, and what is deleted is listed", async ({
  make,
  send,
  get,
  maps,
}) => {
  for (const [name, app] of [
    ["a", "x"],
    ["b", "y"],
    ["c", "x"],
  ] as const)
    await make(maps, map(name, {}, { labels: { app } }));
  const answer = await send("DELETE", `${maps}?labelSelector=app%3Dx`);
  expect(answer.code).toBe(200);
  expect(answer.body.kind).toBe("ConfigMapList");
  const names = (list: unknown) => (list as readonly Made[]).map(({ metadata }) => metadata.name);
  expect(names(answer.body.items)).toEqual(["a", "c"]);
  expect(names((await get(maps)).body.items)).toEqual(["b"]);
});

test("a dry run of a collection's deletion deletes nothing", async ({ make, send, get, maps }) => {
  await make(maps, map("a"));
  expect((await send("DELETE", `${maps}?dryRun=All`)).code).toBe(200);
  expect((await get(`${maps}/a`)).code).toBe(200);
});

test("a collection over all namespaces cannot be deleted", async ({ send }) => {
  expect((await send("DELETE", "/api/v1/configmaps")).code).toBe(405);
});

test("a pod that no kubelet knows goes at once, and one on a node waits for its grace period", async ({
  make,
  delete: remove,
  get,
  here,
}) => {
  const pods = `/api/v1${here}/pods`;
  const pod = (name: string, more: object) => ({
    metadata: { name },
    spec: { containers: [{ name: "c", image: "i" }], ...more },
  });
  await make(pods, pod("free", {}));
  await remove(`${pods}/free`);
  expect((await get(`${pods}/free`)).code).toBe(404);
  await make(pods, pod("placed", { nodeName: "n", terminationGracePeriodSeconds: 30 }));
  const answer = objectOf(await remove(`${pods}/placed`));
  expect(answer.metadata).toMatchObject({ deletionGracePeriodSeconds: 30, deletionTimestamp: expect.any(String) });
  await remove(`${pods}/placed`, { gracePeriodSeconds: 0 });
  expect((await get(`${pods}/placed`)).code).toBe(404);
});

test("claims and volumes get the finalizer that protects them from deletion while in use", async ({ make, here }) => {
  const claims = `/api/v1${here}/persistentvolumeclaims`;
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, storageClassName: "" };
  const { metadata } = await make(claims, { metadata: { name: "a" }, spec });
  expect(metadata.finalizers).toEqual(["kubernetes.io/pvc-protection"]);
});

test("a namespace that is being deleted takes nothing new: 403 with a cause", async ({
  send,
  post,
  get,
  patch,
  namespace,
  maps,
  make,
}) => {
  await make(maps, map("held", {}, { finalizers: [hold] }));
  const answer = await send("DELETE", `/api/v1/namespaces/${namespace}`);
  expect(answer.body).toMatchObject({ kind: "Namespace", status: { phase: "Terminating" } });
  const refused = await post(maps, map("late"));
  expect([refused.code, refused.body.reason]).toEqual([403, "Forbidden"]);
  expect(refused.body.message).toContain(`because it is being terminated`);
  expect(refused.body.details).toMatchObject({
    causes: [{ reason: "NamespaceTerminating", field: "metadata.namespace" }],
  });
  expect((await get(`${maps}/held`)).code).toBe(200);
  expect((await patch("merge", `${maps}/held`, { metadata: { finalizers: null } })).code).toBe(200);
});

test("an object cannot be made in a namespace that is not there", async ({ post }) => {
  const answer = await post("/api/v1/namespaces/nowhere/configmaps", map("a"));
  expect(answer.code).toBe(404);
  expect(answer.body).toMatchObject({ reason: "NotFound", message: 'namespaces "nowhere" not found' });
});

test("the first namespaces cannot be deleted", async ({ send }) => {
  for (const name of ["default", "kube-system"]) {
    const answer = await send("DELETE", `/api/v1/namespaces/${name}`);
    expect([answer.code, answer.body.message]).toEqual([
      403,
      `namespaces "${name}" is forbidden: this namespace may not be deleted`,
    ]);
  }
});
