import { expect, vi } from "vitest";
import { account, allow } from "../accounts.ts";
import { type Api, objectOf, waitLimitMs } from "../api.ts";
import { area } from "../area.ts";
import { gadget, map } from "../objects.ts";

export const authorization = area("authorization");
const { test } = authorization;

const roles = "/apis/rbac.authorization.k8s.io/v1";
const reviews = "/apis/authorization.k8s.io/v1";

/** A server learns of roles by and by. */
const becomes = (what: () => Promise<unknown>, value: unknown) =>
  vi.waitFor(async () => expect(await what()).toEqual(value), { timeout: waitLimitMs, interval: 50 });

test("what no role allows is 403 Forbidden, and says who cannot do what where", async (api) => {
  const { user, headers } = await account(api);
  const answer = await api.get(api.maps, headers);
  expect(answer.code).toBe(403);
  expect(answer.body).toEqual({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `configmaps is forbidden: User "${user}" cannot list resource "configmaps" in API group "" in the namespace "${api.namespace}"`,
    reason: "Forbidden",
    details: { kind: "configmaps" },
    code: 403,
  });
});

test("a refusal names the object, the group, the subresource and the cluster's scope", async (api) => {
  const { user, headers } = await account(api);
  const messageOf = async (method: string, path: string) =>
    (await api.send(method, path, { headers, ...(method !== "GET" && { body: {} }) })).body.message;
  expect(await messageOf("GET", `${api.gadgets}/a`)).toBe(
    `gadgets.example.net "a" is forbidden: User "${user}" cannot get resource "gadgets" in API group "example.net" in the namespace "${api.namespace}"`,
  );
  expect(await messageOf("PUT", `${api.gadgets}/a/status`)).toBe(
    `gadgets.example.net "a" is forbidden: User "${user}" cannot update resource "gadgets/status" in API group "example.net" in the namespace "${api.namespace}"`,
  );
  expect(await messageOf("GET", "/api/v1/nodes")).toBe(
    `nodes is forbidden: User "${user}" cannot list resource "nodes" in API group "" at the cluster scope`,
  );
  expect(await messageOf("GET", "/metrics")).toBe(`forbidden: User "${user}" cannot get path "/metrics"`);
});

test("a role allows its verbs of its resources in its namespace, and no more", async (api) => {
  const { headers } = await account(api);
  await allow(api, {
    account: "walker",
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }],
  });
  await becomes(async () => (await api.get(api.maps, headers)).code, 200);
  const answers = [
    await api.get(`${api.maps}/none`, headers),
    await api.send("POST", api.maps, { body: map("a"), headers }),
    await api.get(`${api.maps}?watch=1&timeoutSeconds=1`, headers),
    await api.get("/api/v1/namespaces/default/configmaps", headers),
    await api.get(`/api/v1${api.here}/secrets`, headers),
  ];
  expect(answers.map(({ code }) => code)).toEqual([404, 403, 403, 403, 403]);
});

test("a role may name the objects that it is about", async (api) => {
  const { headers } = await account(api);
  const rules = [{ apiGroups: [""], resources: ["configmaps"], resourceNames: ["mine"], verbs: ["get"] }];
  await allow(api, { account: "walker", rules });
  await api.make(api.maps, map("mine"));
  await becomes(async () => (await api.get(`${api.maps}/mine`, headers)).code, 200);
  expect((await api.get(`${api.maps}/other`, headers)).code).toBe(403);
});

test("a subresource is allowed apart from its resource", async (api) => {
  const { headers } = await account(api);
  const rules = [{ apiGroups: ["example.net"], resources: ["gadgets/status"], verbs: ["patch"] }];
  await allow(api, { account: "walker", rules });
  await api.make(api.gadgets, gadget("a"));
  const merge = (path: string) =>
    api.send("PATCH", path, { body: {}, headers, contentType: "application/merge-patch+json" });
  await becomes(async () => (await merge(`${api.gadgets}/a/status`)).code, 200);
  expect((await merge(`${api.gadgets}/a`)).code).toBe(403);
});

test("a role that is taken away allows nothing any more", async (api) => {
  const { headers } = await account(api);
  await allow(api, { account: "walker", rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] });
  await becomes(async () => (await api.get(api.maps, headers)).code, 200);
  await api.delete(`${roles}${api.here}/rolebindings/walker`);
  await becomes(async () => (await api.get(api.maps, headers)).code, 403);
});

test("a cluster's role that is bound in a namespace counts there alone", async (api) => {
  const { headers } = await account(api);
  await api.make(`${roles}${api.here}/rolebindings`, {
    metadata: { name: "view" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
    subjects: [
      { kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: `system:serviceaccounts:${api.namespace}` },
    ],
  });
  await becomes(async () => (await api.get(api.maps, headers)).code, 200);
  const answers = [await api.get(`/api/v1${api.here}/secrets`, headers), await api.get("/api/v1/configmaps", headers)];
  expect(answers.map(({ code }) => code)).toEqual([403, 403]);
});

test("everybody who is known may discover what there is, and ask what they may", async (api) => {
  const { headers } = await account(api);
  const answers = [
    await api.get("/api", headers),
    await api.get("/apis/example.net/v1", headers),
    await api.get("/openapi/v3", headers),
    await api.get("/version", headers),
    await api.send("POST", `${reviews}/selfsubjectrulesreviews`, { body: { spec: { namespace: "default" } }, headers }),
  ];
  expect(answers.map(({ code }) => code)).toEqual([200, 200, 200, 200, 201]);
});

test("nobody can give more than they have: a role with more is 403", async (api) => {
  const { user, headers } = await account(api);
  const rules = [
    { apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles"], verbs: ["create", "get"] },
    { apiGroups: [""], resources: ["configmaps"], verbs: ["get"] },
  ];
  await allow(api, { account: "walker", rules });
  const role = (name: string, resource: string) => ({
    metadata: { name },
    rules: [{ apiGroups: [""], resources: [resource], verbs: ["get"] }],
  });
  const make = (name: string, resource: string) =>
    api.send("POST", `${roles}${api.here}/roles`, { body: role(name, resource), headers });
  await becomes(async () => (await make("same", "configmaps")).code === 403, false);
  const more = await make("more", "secrets");
  expect(more.code).toBe(403);
  expect(more.body.message).toContain(`user "${user}"`);
  expect(more.body.message).toContain("is attempting to grant RBAC permissions not currently held");
});

test("the role that a binding names cannot be changed", async (api) => {
  await account(api);
  await allow(api, { account: "walker", rules: [] });
  const answer = await api.patch("merge", `${roles}${api.here}/rolebindings/walker`, { roleRef: { name: "other" } });
  expect([answer.code, answer.body.reason]).toEqual([422, "Invalid"]);
  expect(answer.body.message).toContain("roleRef: Invalid value");
});

const attributes = ({ namespace }: Api, more: object = {}) => ({
  namespace,
  verb: "list",
  group: "",
  resource: "configmaps",
  ...more,
});

test("anybody may ask what they may do", async (api) => {
  const { headers } = await account(api);
  await allow(api, { account: "walker", rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }] });
  const ask = async (more?: object) => {
    const body = { spec: { resourceAttributes: attributes(api, more) } };
    const answer = await api.send("POST", `${reviews}/selfsubjectaccessreviews`, { body, headers });
    return (objectOf(answer).status as { allowed: boolean }).allowed;
  };
  await becomes(() => ask(), true);
  expect([await ask({ verb: "delete" }), await ask({ namespace: "default" })]).toEqual([false, false]);
});

test("the admin may ask what others may do, everywhere and in one namespace", async (api) => {
  const { user } = await account(api);
  await allow(api, { account: "walker", rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }] });
  const ask = async (path: string, more?: object) => {
    const answer = await api.post(path, { spec: { user, resourceAttributes: attributes(api, more) } });
    return [answer.code, (objectOf(answer).status as { allowed: boolean }).allowed];
  };
  await becomes(() => ask(`${reviews}/subjectaccessreviews`), [201, true]);
  expect(await ask(`${reviews}${api.here}/localsubjectaccessreviews`)).toEqual([201, true]);
  expect(await ask(`${reviews}/subjectaccessreviews`, { verb: "create" })).toEqual([201, false]);
});

test("a review of paths tells who may read them", async (api) => {
  const { user } = await account(api);
  const ask = async (path: string) => {
    const groups = ["system:authenticated"];
    const spec = { user, groups, nonResourceAttributes: { path, verb: "get" } };
    return (objectOf(await api.post(`${reviews}/subjectaccessreviews`, { spec })).status as { allowed: boolean })
      .allowed;
  };
  expect([await ask("/version"), await ask("/metrics")]).toEqual([true, false]);
});

test("the rules that one has in a namespace can be listed", async (api) => {
  const { headers } = await account(api);
  const rule = { verbs: ["list"], apiGroups: [""], resources: ["configmaps"] };
  await allow(api, { account: "walker", rules: [rule] });
  const ask = async () => {
    const body = { spec: { namespace: api.namespace } };
    const answer = await api.send("POST", `${reviews}/selfsubjectrulesreviews`, { body, headers });
    return (objectOf(answer).status as { resourceRules: readonly object[] }).resourceRules;
  };
  await vi.waitFor(async () => expect(await ask()).toContainEqual(rule), { timeout: waitLimitMs, interval: 50 });
});

test("a review of nothing is 422, and there are no reviews to read", async ({ post, get }) => {
  expect((await post(`${reviews}/selfsubjectaccessreviews`, { spec: {} })).code).toBe(422);
  expect((await get(`${reviews}/selfsubjectaccessreviews`)).code).toBe(405);
});
