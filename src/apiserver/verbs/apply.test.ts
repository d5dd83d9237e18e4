import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { type RawAnswer, type RawClient, type RawOptions, rawClient } from "../../testing/raw-client.ts";
import { widgets } from "../../testing/widgets.ts";

/** What an apply does is compared with kube-apiserver's in test/conformance; here is what needs no other server. */
let api: ThrowAwayApi;
let client: RawClient;
beforeAll(async () => {
  api = await throwAwayApi({ crds: [widgets] });
  client = rawClient(api);
});
afterAll(async () => {
  client.close();
  await api.stop();
});

const maps = "/api/v1/namespaces/default/configmaps";
const contentType = "application/apply-patch+yaml";
const map = (name: string, parts: JsonObject) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  ...parts,
});
const apply = (manager: string, body: { metadata: { name: string } }, headers: RawOptions["headers"] = {}) =>
  client.send("PATCH", `${maps}/${body.metadata.name}?fieldManager=${manager}`, { body, contentType, headers });

interface Owner {
  readonly manager: string;
  readonly time: string;
  readonly fieldsV1: JsonObject;
}

const metadataOf = ({ body }: RawAnswer) =>
  body.metadata as unknown as { resourceVersion: string; managedFields?: readonly Owner[] };
const ownersOf = (answer: RawAnswer) =>
  Object.fromEntries((metadataOf(answer).managedFields ?? []).map(({ manager, fieldsV1 }) => [manager, fieldsV1]));

test("an apply creates only for users who may create, and changes for those who may patch", async () => {
  const rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
  const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["patch"] }];
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "patcher" };
  const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "patcher" }];
  await client.send("POST", `${rbac}/roles`, { body: { metadata: { name: "patcher" }, rules } });
  await client.send("POST", `${rbac}/rolebindings`, { body: { metadata: { name: "patcher" }, roleRef, subjects } });
  const asPatcher = { "impersonate-user": "patcher" };
  const refused = await apply("me", map("guarded", { data: { a: "1" } }), asPatcher);
  expect([refused.code, refused.body.message]).toEqual([
    403,
    'configmaps "guarded" is forbidden: User "patcher" cannot create resource "configmaps" in API group "" in the namespace "default"',
  ]);
  expect((await client.send("GET", `${maps}/guarded`)).code).toBe(404);
  await apply("me", map("guarded", { data: { a: "1" } }));
  expect((await apply("me", map("guarded", { data: { a: "2" } }), asPatcher)).code).toBe(200);
});

test("what the server itself takes out of an object is owned by nobody any more", async () => {
  const owner = await apply("me", map("owner", {}));
  const { uid } = owner.body.metadata as { uid: string };
  const reference = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid };
  const kept = await apply("me", map("kept", {}));
  const second = { ...reference, name: "kept", uid: (kept.body.metadata as { uid: string }).uid };
  const metadata = { name: "owned", ownerReferences: [reference, second] };
  const owned = await apply("me", { ...map("owned", {}), metadata });
  expect(JSON.stringify(ownersOf(owned))).toContain(uid);
  await client.send("DELETE", `${maps}/owner`);
  await expect
    .poll(async () => JSON.stringify((await client.send("GET", `${maps}/owned`)).body.metadata))
    .not.toContain(uid);
  expect(ownersOf(await client.send("GET", `${maps}/owned`))).toEqual({
    me: { "f:metadata": { "f:ownerReferences": { [`k:{"uid":"${second.uid}"}`]: {} } } },
  });
});

test("owners outlive a restart, and a write that changes nothing keeps their times and the version", async () => {
  await apply("one", map("lasting", { data: { a: "1" } }));
  const before = await client.send("GET", `${maps}/lasting`);
  await api.restart();
  expect((await client.send("GET", `${maps}/lasting`)).text).toBe(before.text);
  expect((await apply("one", map("lasting", { data: { a: "1" } }))).text).toBe(before.text);
  const conflict = await apply("two", map("lasting", { data: { a: "2" } }));
  expect(conflict.code).toBe(409);
});

test("a field that is called __proto__ has an owner like any other", async () => {
  const data = JSON.parse('{"__proto__": "1", "constructor": "2"}') as JsonObject;
  const answer = await apply("me", map("proto", { data }));
  expect(answer.text).toContain('"f:constructor":{}');
  expect(answer.code).toBe(201);
});

test("objects of no owners are counted from the first apply on, and what was there conflicts with it", async () => {
  await client.send("POST", maps, { body: map("old", { data: { a: "1" } }) });
  await client.send("PATCH", `${maps}/old`, {
    body: { metadata: { managedFields: [{}] } },
    contentType: "application/merge-patch+json",
  });
  const conflict = await apply("me", map("old", { data: { a: "2", b: "1" } }));
  expect(conflict.body.message).toBe(
    'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a',
  );
  const applied = await apply("me", map("old", { data: { a: "1", b: "1" } }));
  expect(Object.keys(ownersOf(applied))).toEqual(["me", "before-first-apply"]);
});
