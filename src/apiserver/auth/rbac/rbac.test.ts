import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ThrowAwayApi, throwAwayApi } from "../../../testing/cluster.ts";
import { type RawClient, type RawOptions, rawClient } from "../../../testing/raw-client.ts";

/** Answers here are those of kube-apiserver, word for word. */
let api: ThrowAwayApi;
let client: RawClient;
let user = "";
let users = 0;
beforeAll(async () => {
  api = await throwAwayApi();
  client = rawClient(api);
});
afterAll(async () => {
  client.close();
  await api.stop();
});
beforeEach(() => {
  user = `user-${++users}`;
});

const rbac = "/apis/rbac.authorization.k8s.io/v1";
const maps = "/api/v1/namespaces/default/configmaps";
const as = (name: string, groups: readonly string[] = []) => ({
  "impersonate-user": name,
  ...(groups.length > 0 && { "impersonate-group": [...groups] }),
});
const send = (method: string, path: string, options: RawOptions = {}) =>
  client.send(method, path, { ...options, headers: { ...as(user), ...options.headers } });
const messageOf = async (method: string, path: string, body?: object) => {
  const answer = await send(method, path, body && { body });
  return `${answer.code} ${String(answer.body.message)}`;
};
const rule = (verbs: readonly string[], resources: readonly string[], apiGroups = [""]) => ({
  verbs,
  resources,
  apiGroups,
});
const toUser = (name = user) => [{ kind: "User", name, apiGroup: "rbac.authorization.k8s.io" }];

async function made(path: string, body: object): Promise<void> {
  const answer = await client.send("POST", path, { body });
  expect([answer.code, answer.text]).toEqual([201, expect.anything()]);
}

/** Gives the user rules, everywhere or in one namespace. */
async function give(rules: readonly object[], namespace?: string): Promise<void> {
  const name = `${user}${namespace ?? ""}`;
  const at = namespace === undefined ? rbac : `${rbac}/namespaces/${namespace}`;
  await made(`${rbac}/clusterroles`, { metadata: { name }, rules });
  const roleRef = { kind: "ClusterRole", name, apiGroup: "rbac.authorization.k8s.io" };
  const plural = namespace === undefined ? "clusterrolebindings" : "rolebindings";
  await made(`${at}/${plural}`, { metadata: { name }, roleRef, subjects: toUser() });
}

describe("what nobody gave", () => {
  test("is 403, and says who cannot do what where", async () => {
    const who = `User "${user}" cannot`;
    expect(await messageOf("GET", "/api/v1/namespaces/default/pods/x")).toBe(
      `403 pods "x" is forbidden: ${who} get resource "pods" in API group "" in the namespace "default"`,
    );
    expect(await messageOf("GET", "/api/v1/pods")).toBe(
      `403 pods is forbidden: ${who} list resource "pods" in API group "" at the cluster scope`,
    );
    expect(await messageOf("PUT", "/apis/apps/v1/namespaces/default/deployments/x/status", {})).toBe(
      `403 deployments.apps "x" is forbidden: ${who} update resource "deployments/status" in API group "apps" in the namespace "default"`,
    );
    expect(await messageOf("DELETE", maps)).toBe(
      `403 configmaps is forbidden: ${who} deletecollection resource "configmaps" in API group "" in the namespace "default"`,
    );
    expect(await messageOf("GET", "/metrics")).toBe(`403 forbidden: ${who} get path "/metrics"`);
    expect((await send("GET", "/apis/apps/v1/namespaces/default/deployments/x")).body).toMatchObject({
      reason: "Forbidden",
      details: { name: "x", group: "apps", kind: "deployments" },
    });
  });

  test("is 403 even where nothing is served, so that nobody learns what is", async () => {
    expect(await messageOf("GET", "/apis/none.example.com/v1/things")).toMatch(
      /^403 things.none.example.com is forbidden/,
    );
  });

  test("leaves discovery, version and reviews of oneself to every user", async () => {
    const paths = ["/api", "/apis", "/apis/apps/v1", "/openapi/v3", "/version"];
    const codes = await Promise.all(paths.map(async (path) => (await send("GET", path)).code));
    expect(codes).toEqual([200, 200, 200, 200, 200]);
  });
});

describe("a role", () => {
  test("given in one namespace holds there, and nowhere else", async () => {
    await give([rule(["get", "list"], ["configmaps"])], "default");
    expect((await send("GET", maps)).code).toBe(200);
    expect((await send("GET", "/api/v1/namespaces/kube-system/configmaps")).code).toBe(403);
    expect((await send("GET", "/api/v1/configmaps")).code).toBe(403);
    expect((await send("POST", maps, { body: { metadata: { name: "x" } } })).code).toBe(403);
  });

  test("given in the cluster holds in every namespace, for subresources only where it names them", async () => {
    await give([rule(["get", "list"], ["persistentvolumeclaims"])]);
    expect((await send("GET", "/api/v1/persistentvolumeclaims")).code).toBe(200);
    expect((await send("GET", "/api/v1/namespaces/default/persistentvolumeclaims/x")).code).toBe(404);
    expect((await send("GET", "/api/v1/namespaces/default/persistentvolumeclaims/x/status")).code).toBe(403);
  });

  test("may be for some objects by name", async () => {
    await give([{ ...rule(["get", "delete"], ["configmaps"]), resourceNames: ["mine"] }], "default");
    await client.send("POST", maps, { body: { metadata: { name: "mine" } } });
    expect((await send("GET", `${maps}/mine`)).code).toBe(200);
    expect((await send("GET", `${maps}/other`)).code).toBe(403);
    expect((await send("GET", maps)).code).toBe(403);
  });

  test("holds at once when it is given, and no longer when it is taken away or changed", async () => {
    expect((await send("GET", maps)).code).toBe(403);
    await give([rule(["list"], ["configmaps"])], "default");
    expect((await send("GET", maps)).code).toBe(200);
    const contentType = "application/merge-patch+json";
    const role = `${rbac}/clusterroles/${user}default`;
    await client.send("PATCH", role, { body: { rules: [rule(["list"], ["secrets"])] }, contentType });
    expect((await send("GET", maps)).code).toBe(403);
    await client.send("PATCH", role, { body: { rules: [rule(["list"], ["configmaps"])] }, contentType });
    expect((await send("GET", maps)).code).toBe(200);
    await client.send("DELETE", `${rbac}/namespaces/default/rolebindings/${user}default`);
    expect((await send("GET", maps)).code).toBe(403);
  });

  test("that does not exist is told to whom it was given", async () => {
    const roleRef = { kind: "ClusterRole", name: `${user}-gone`, apiGroup: "rbac.authorization.k8s.io" };
    await made(`${rbac}/clusterrolebindings`, { metadata: { name: user }, roleRef, subjects: toUser() });
    expect(await messageOf("GET", "/api/v1/pods")).toContain(
      `at the cluster scope: rbac: RBAC: clusterrole.rbac.authorization.k8s.io "${user}-gone" not found`,
    );
  });

  test("given to a group holds for its members", async () => {
    await made(`${rbac}/clusterrolebindings`, {
      metadata: { name: user },
      roleRef: { kind: "ClusterRole", name: "view", apiGroup: "rbac.authorization.k8s.io" },
      subjects: [{ kind: "Group", name: `${user}-readers`, apiGroup: "rbac.authorization.k8s.io" }],
    });
    const headers = as(user, [`${user}-readers`, "others"]);
    expect((await client.send("GET", maps, { headers })).code).toBe(200);
    expect((await client.send("GET", "/api/v1/secrets", { headers })).code).toBe(403);
    expect((await send("GET", maps)).code).toBe(403);
  });

  test("with an aggregation rule has the rules of the roles it selects, as they come and go", async () => {
    const labels = { [`into-${user}`]: "yes" };
    const selectors = { clusterRoleSelectors: [{ matchLabels: labels }] };
    await made(`${rbac}/clusterroles`, { metadata: { name: user }, aggregationRule: selectors });
    const rules = [rule(["list"], ["configmaps"])];
    await made(`${rbac}/clusterroles`, { metadata: { name: `${user}-part`, labels }, rules });
    expect((await client.send("GET", `${rbac}/clusterroles/${user}`)).body.rules).toEqual(rules);
    await client.send("DELETE", `${rbac}/clusterroles/${user}-part`);
    expect((await client.send("GET", `${rbac}/clusterroles/${user}`)).body.rules).toEqual([]);
  });
});

describe("escalation", () => {
  const writeRoles = rule(["create", "update", "patch", "get"], ["*"], ["rbac.authorization.k8s.io"]);
  const secretReader = { metadata: { name: "escalated" }, rules: [rule(["get", "list"], ["secrets"])] };

  test("by a role that gives more than its author has is refused with what is missing", async () => {
    await give([writeRoles, { ...rule(["get"], ["secrets"]), resourceNames: ["a"] }]);
    expect(await messageOf("POST", `${rbac}/namespaces/default/roles`, secretReader)).toBe(
      `403 roles.rbac.authorization.k8s.io "escalated" is forbidden: user "${user}" (groups=["system:authenticated"]) is ` +
        'attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
    );
  });

  test("by an aggregation rule is for cluster administrators", async () => {
    await give([writeRoles]);
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] };
    expect(await messageOf("POST", `${rbac}/clusterroles`, { metadata: { name: user }, aggregationRule })).toBe(
      `403 clusterroles.rbac.authorization.k8s.io "${user}" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
    );
  });

  test("by a binding is refused, unless its author may bind that role", async () => {
    await give([writeRoles]);
    const roleRef = { kind: "ClusterRole", name: "cluster-admin", apiGroup: "rbac.authorization.k8s.io" };
    const binding = { metadata: { name: `${user}-more` }, roleRef, subjects: toUser() };
    expect(await messageOf("POST", `${rbac}/clusterrolebindings`, binding)).toMatch(
      /permissions not currently held:\n\{APIGroups:\["\*"\], Resources:\["\*"\], Verbs:\["\*"\]\}\n\{NonResourceURLs:/,
    );
    const gone = { ...binding, roleRef: { ...roleRef, name: "gone" } };
    expect(await messageOf("POST", `${rbac}/clusterrolebindings`, gone)).toMatch(/^404 .*"gone" not found$/);
    const bind = {
      ...rule(["bind"], ["clusterroles"], ["rbac.authorization.k8s.io"]),
      resourceNames: ["cluster-admin"],
    };
    await give([bind], "default");
    expect((await send("POST", `${rbac}/namespaces/default/rolebindings`, { body: binding })).code).toBe(201);
    expect((await send("POST", `${rbac}/clusterrolebindings`, { body: binding })).code).toBe(403);
  });

  test("is allowed to those who hold what they give, and to those who may escalate", async () => {
    await give([writeRoles, rule(["*"], ["secrets"])]);
    const held = { ...secretReader, metadata: { name: `${user}-held` } };
    expect((await send("POST", `${rbac}/namespaces/default/roles`, { body: held })).code).toBe(201);
    await give([rule(["escalate"], ["roles"], ["rbac.authorization.k8s.io"])], "default");
    const more = { metadata: { name: `${user}-more` }, rules: [rule(["*"], ["pods"])] };
    expect((await send("POST", `${rbac}/namespaces/default/roles`, { body: more })).code).toBe(201);
  });
});

test("default roles come back with a restart when they are gone, and keep what was added to them", async () => {
  const own = await throwAwayApi();
  const admin = rawClient(own);
  await admin.send("DELETE", `${rbac}/clusterroles/system:basic-user`);
  const rules = [rule(["get"], ["pods"])];
  const contentType = "application/merge-patch+json";
  await admin.send("PATCH", `${rbac}/clusterroles/system:discovery`, { body: { rules }, contentType });
  await own.restart();
  const basic = (await admin.send("GET", `${rbac}/clusterroles/system:basic-user`)).body;
  const discovery = (await admin.send("GET", `${rbac}/clusterroles/system:discovery`)).body.rules;
  admin.close();
  await own.stop();
  expect(basic.rules).toHaveLength(2);
  expect(discovery).toEqual(expect.arrayContaining(rules));
  expect(JSON.stringify(discovery)).toContain("/apis/*");
});
