import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ThrowAwayApi, throwAwayApi } from "../../../testing/cluster.ts";
import { type RawClient, rawClient } from "../../../testing/raw-client.ts";

let api: ThrowAwayApi;
let client: RawClient;
beforeAll(async () => {
  api = await throwAwayApi();
  client = rawClient(api);
  const rules = [
    { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] },
    { nonResourceURLs: ["/metrics"], verbs: ["get"] },
  ];
  await client.send("POST", `${rbac}/clusterroles`, { body: { metadata: { name: "reader" }, rules } });
  const roleRef = { kind: "ClusterRole", name: "reader", apiGroup: "rbac.authorization.k8s.io" };
  const subjects = [{ kind: "User", name: "jane", apiGroup: "rbac.authorization.k8s.io" }];
  const binding = { metadata: { name: "readers" }, roleRef, subjects };
  await client.send("POST", `${rbac}/namespaces/default/rolebindings`, { body: binding });
  await client.send("POST", `${rbac}/clusterrolebindings`, {
    body: { ...binding, roleRef: { ...roleRef, name: "system:discovery" } },
  });
});
afterAll(async () => {
  client.close();
  await api.stop();
});

const rbac = "/apis/rbac.authorization.k8s.io/v1";
const group = "/apis/authorization.k8s.io/v1";
const jane = { "impersonate-user": "jane" };
const ask = (path: string, spec: object, headers = {}) =>
  client.send("POST", `${group}/${path}`, { body: { spec }, headers });
const attributes = { namespace: "default", verb: "get", resource: "configmaps" };

describe("a review of access", () => {
  test("says by which binding a user may do something", async () => {
    const answer = await ask("subjectaccessreviews", { user: "jane", resourceAttributes: attributes });
    expect(answer.code).toBe(201);
    expect(answer.body).toEqual({
      kind: "SubjectAccessReview",
      apiVersion: "authorization.k8s.io/v1",
      metadata: {},
      spec: { user: "jane", resourceAttributes: attributes },
      status: {
        allowed: true,
        reason: 'RBAC: allowed by RoleBinding "readers/default" of ClusterRole "reader" to User "jane"',
      },
    });
  });

  test("says no without a reason where nobody gave it", async () => {
    const spec = { user: "jane", resourceAttributes: { ...attributes, namespace: "kube-system" } };
    expect((await ask("subjectaccessreviews", spec)).body.status).toEqual({ allowed: false });
  });

  test("knows paths, groups, and administrators", async () => {
    const path = { nonResourceAttributes: { verb: "get", path: "/apis/apps" } };
    const byGroup = await ask("subjectaccessreviews", { groups: ["system:authenticated"], ...path });
    expect(byGroup.body.status).toMatchObject({
      allowed: true,
      reason: expect.stringContaining('to Group "system:auth'),
    });
    const nobody = await ask("subjectaccessreviews", { user: "nobody", ...path });
    expect(nobody.body.status).toEqual({ allowed: false });
    const admin = {
      user: "x",
      groups: ["system:masters"],
      resourceAttributes: { verb: "*", resource: "*", group: "*" },
    };
    expect((await ask("subjectaccessreviews", admin)).body.status).toEqual({ allowed: true });
  });

  test("of oneself needs no rights, and cannot be about somebody else", async () => {
    expect((await ask("selfsubjectaccessreviews", { resourceAttributes: attributes }, jane)).body.status).toMatchObject(
      {
        allowed: true,
      },
    );
    expect((await ask("subjectaccessreviews", { user: "jane", resourceAttributes: attributes }, jane)).code).toBe(403);
  });

  test("in a namespace is about that namespace alone", async () => {
    const path = "namespaces/default/localsubjectaccessreviews";
    const good = await ask(path, { user: "jane", resourceAttributes: attributes });
    expect(good.body.status).toMatchObject({ allowed: true });
    const other = await ask(path, { user: "jane", resourceAttributes: { ...attributes, namespace: "other" } });
    expect([other.code, other.body.message]).toEqual([
      422,
      '.authorization.k8s.io "" is invalid: spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace',
    ]);
  });

  test.each([
    [
      { user: "x" },
      "spec: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
    ],
    [
      { resourceAttributes: attributes },
      'spec.user: Invalid value: "": at least one of user or group must be specified',
    ],
  ])("of %o is refused", async (spec, message) => {
    const answer = await ask("subjectaccessreviews", spec);
    expect([answer.code, answer.body.message]).toEqual([422, `.authorization.k8s.io "" is invalid: ${message}`]);
  });

  test("is created, and nothing else", async () => {
    const codes = await Promise.all([
      client.send("GET", `${group}/subjectaccessreviews`),
      client.send("GET", `${group}/subjectaccessreviews/x`),
      client.send("DELETE", `${group}/subjectaccessreviews`),
    ]);
    expect(codes.map(({ code }) => code)).toEqual([405, 405, 405]);
  });
});

test("a review of rules lists what one may do in a namespace and outside of the API", async () => {
  const answer = await ask("selfsubjectrulesreviews", { namespace: "default" }, jane);
  expect(answer.body.status).toMatchObject({
    resourceRules: expect.arrayContaining([{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }]),
    nonResourceRules: expect.arrayContaining([
      { nonResourceURLs: expect.arrayContaining(["/apis/*"]), verbs: ["get"] },
    ]),
    incomplete: false,
  });
  expect((await ask("selfsubjectrulesreviews", {}, jane)).body.message).toBe("no namespace on request");
});

test("discovery lists reviews with the one verb they have", async () => {
  const { resources } = (await client.send("GET", group)).body;
  expect(resources).toContainEqual({
    name: "localsubjectaccessreviews",
    singularName: "localsubjectaccessreview",
    namespaced: true,
    kind: "LocalSubjectAccessReview",
    verbs: ["create"],
  });
  expect((await client.send("GET", "/api/v1")).body.resources).toContainEqual({
    name: "serviceaccounts/token",
    singularName: "",
    namespaced: true,
    group: "authentication.k8s.io",
    version: "v1",
    kind: "TokenRequest",
    verbs: ["create"],
  });
});
