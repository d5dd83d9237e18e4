import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../lib/json.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../../testing/cluster.ts";
import { type RawClient, rawClient } from "../../../testing/raw-client.ts";
import { type SimulatedClock, simulatedClock } from "../../../testing/simulated-clock.ts";
import { newSigningKey, signerOf } from "./jwt.ts";

let api: ThrowAwayApi;
let client: RawClient;
let clock: SimulatedClock;
beforeAll(async () => {
  clock = simulatedClock(new Date());
  api = await throwAwayApi({ clock });
  client = rawClient(api);
});
afterAll(async () => {
  client.close();
  await api.stop();
});

const accounts = "/api/v1/namespaces/default/serviceaccounts";
const secrets = "/api/v1/namespaces/default/secrets";
const reviews = "/apis/authentication.k8s.io/v1";
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const whoIs = (token: string) => client.send("POST", `${reviews}/selfsubjectreviews`, { body: {}, ...bearer(token) });
const review = async (token: string, audiences?: readonly string[]) =>
  (await client.send("POST", `${reviews}/tokenreviews`, { body: { spec: { token, audiences } } })).body.status;
const ask = (account: string, spec: JsonObject = {}) =>
  client.send("POST", `${accounts}/${account}/token`, { body: { spec } });

async function account(name: string): Promise<JsonObject> {
  return (await client.send("POST", accounts, { body: { metadata: { name } } })).body;
}

async function tokenOf(name: string, spec?: JsonObject): Promise<string> {
  const { status } = (await ask(name, spec)).body as { status?: { token?: string } };
  return status?.token ?? "";
}

describe("a token of a service account", () => {
  test("makes its bearer that account, in the groups of all accounts and of its namespace", async () => {
    const { metadata } = (await account("build")) as { metadata: { uid: string } };
    const answer = await whoIs(await tokenOf("build"));
    expect(answer.code).toBe(201);
    expect(answer.body.status).toEqual({
      userInfo: {
        username: "system:serviceaccount:default:build",
        uid: metadata.uid,
        groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
        extra: { "authentication.kubernetes.io/credential-id": [expect.stringMatching(/^JTI=/)] },
      },
    });
  });

  test("is answered with what it was made from", async () => {
    await account("asked");
    const answer = await ask("asked", { audiences: ["vault"], expirationSeconds: 600 });
    expect(answer.code).toBe(201);
    expect(answer.body).toMatchObject({
      kind: "TokenRequest",
      apiVersion: "authentication.k8s.io/v1",
      metadata: { name: "asked", namespace: "default" },
      spec: { audiences: ["vault"], expirationSeconds: 600, boundObjectRef: null },
      status: { expirationTimestamp: new Date(clock.now().getTime() + 600_000).toISOString().replace(/\.\d+/, "") },
    });
  });

  test("ends when its time is over", async () => {
    await account("short");
    const token = await tokenOf("short", { expirationSeconds: 600 });
    await clock.advance(598_000);
    expect((await whoIs(token)).code).toBe(201);
    await clock.advance(3000);
    expect((await whoIs(token)).code).toBe(401);
    expect(await review(token)).toEqual({
      user: {},
      error: "[invalid bearer token, service account token has expired]",
    });
  });

  test("ends with its account, and is nothing to an account of the same name that comes after", async () => {
    await account("gone");
    const token = await tokenOf("gone");
    expect((await whoIs(token)).code).toBe(201);
    await client.send("DELETE", `${accounts}/gone`);
    expect((await whoIs(token)).code).toBe(401);
    await account("gone");
    expect((await whoIs(token)).code).toBe(401);
  });

  test("ends with the object it is bound to", async () => {
    await account("bound");
    await client.send("POST", secrets, { body: { metadata: { name: "holder" } } });
    const token = await tokenOf("bound", { boundObjectRef: { kind: "Secret", apiVersion: "v1", name: "holder" } });
    expect((await whoIs(token)).code).toBe(201);
    await client.send("DELETE", `${secrets}/holder`);
    expect((await whoIs(token)).code).toBe(401);
  });

  test("survives a restart of the server", async () => {
    await account("lasting");
    const token = await tokenOf("lasting");
    await api.restart();
    expect((await whoIs(token)).code).toBe(201);
  });

  test("for another audience does not open this server, and is reviewed for it", async () => {
    await account("vaulted");
    const token = await tokenOf("vaulted", { audiences: ["vault", "other"] });
    expect((await whoIs(token)).code).toBe(401);
    expect(await review(token, ["vault", "third"])).toMatchObject({ authenticated: true, audiences: ["vault"] });
    expect(await review(token)).toEqual({
      user: {},
      error:
        '[invalid bearer token, token audiences ["vault" "other"] is invalid for the target audiences ["https://kubernetes.default.svc"]]',
    });
  });

  test("can be verified by others with the published keys", async () => {
    await account("public");
    const [head = "", claims = "", signature = ""] = (await tokenOf("public")).split(".");
    const { keys } = (await client.send("GET", "/openid/v1/jwks")).body as unknown as { keys: readonly JsonWebKey[] };
    const key = createPublicKey({ key: keys[0] ?? {}, format: "jwk" });
    const bytes = Buffer.from(signature, "base64url");
    expect(verify("sha256", Buffer.from(`${head}.${claims}`), { key, dsaEncoding: "ieee-p1363" }, bytes)).toBe(true);
    expect(JSON.parse(Buffer.from(head, "base64url").toString())).toEqual({ alg: "ES256", kid: keys[0]?.kid });
    const found = (await client.send("GET", "/.well-known/openid-configuration")).body;
    expect(found).toMatchObject({ issuer: "https://kubernetes.default.svc", jwks_uri: `${api.url}/openid/v1/jwks` });
  });
});

test("a token that was changed, or that another key signed, is nobody's", async () => {
  await account("forged");
  const token = await tokenOf("forged");
  const [head = "", claims = "", signature = ""] = token.split(".");
  const own = JSON.parse(Buffer.from(claims, "base64url").toString()) as JsonObject;
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const longer = encoded({ ...own, exp: Number(own.exp) + 1 });
  const forgeries = [
    `${head}.${longer}.${signature}`,
    `${encoded({ alg: "none" })}.${claims}.`,
    `${head}.${claims}.`,
    `${head}.${claims}`,
    `${token}.x`,
    signerOf(newSigningKey()).sign(own),
  ];
  const codes = await Promise.all(forgeries.map(async (forgery) => (await whoIs(forgery)).code));
  expect(codes).toEqual(forgeries.map(() => 401));
  expect((await whoIs(token)).code).toBe(201);
});

test.each([
  [
    { expirationSeconds: 10 },
    422,
    'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes',
  ],
  [{ expirationSeconds: 2 ** 33 }, 422, "may not specify a duration larger than 2^32 seconds"],
  [{ boundObjectRef: { kind: "Secret", apiVersion: "v1", name: "nope" } }, 404, 'secrets "nope" not found'],
  [
    { boundObjectRef: { kind: "ConfigMap", apiVersion: "v1", name: "a" } },
    400,
    "cannot bind token to object of type /v1, Kind=ConfigMap",
  ],
  [{ audiences: "one" }, 422, "spec.audiences"],
])("a request for a token with %o is %i", async (spec, code, message) => {
  const answer = await ask("default", spec);
  expect([answer.code, answer.body.message]).toEqual([code, expect.stringContaining(message)]);
});

test("a request for a token of no account is 404, and another verb on it 405", async () => {
  expect((await ask("nobody")).body).toMatchObject({ code: 404, message: 'serviceaccounts "nobody" not found' });
  expect((await client.send("GET", `${accounts}/default/token`)).code).toBe(405);
});

test("a review of no token is 400, and of a text that is none says so", async () => {
  const empty = await client.send("POST", `${reviews}/tokenreviews`, { body: { spec: {} } });
  expect([empty.code, empty.body.message]).toEqual([400, "token is required for TokenReview in authentication"]);
  expect(await review("nonsense")).toEqual({ user: {}, error: "invalid bearer token" });
  expect(await review(api.adminToken)).toMatchObject({
    authenticated: true,
    user: { username: "groupsnap-admin", groups: ["system:masters", "system:authenticated"] },
  });
});

test("every namespace has an account named default, and a new one when that is deleted", async () => {
  await client.send("POST", "/api/v1/namespaces", { body: { metadata: { name: "fresh" } } });
  const path = "/api/v1/namespaces/fresh/serviceaccounts/default";
  const first = await client.send("GET", path);
  expect(first.code).toBe(200);
  await client.send("DELETE", path);
  const second = await client.send("GET", path);
  expect(second.code).toBe(200);
  expect(second.body.metadata).not.toMatchObject({ uid: (first.body.metadata as JsonObject).uid });
});

describe("impersonation", () => {
  const as = (token: string, headers: Readonly<Record<string, string | string[]>>) =>
    client.send("POST", `${reviews}/selfsubjectreviews`, {
      body: {},
      headers: { authorization: `Bearer ${token}`, ...headers },
    });

  test("makes a request that of the other user, in its groups and with its extra values", async () => {
    const headers = {
      "impersonate-user": "bob",
      "impersonate-uid": "7",
      "impersonate-group": ["a", "b, c"],
      "impersonate-extra-scopes": "view",
    };
    expect((await as(api.adminToken, headers)).body.status).toEqual({
      userInfo: {
        username: "bob",
        uid: "7",
        groups: ["a", "b, c", "system:authenticated"],
        extra: { scopes: ["view"] },
      },
    });
  });

  test("of a service account puts it in its groups", async () => {
    const answer = await as(api.adminToken, { "impersonate-user": "system:serviceaccount:shop:web" });
    expect(answer.body.status).toMatchObject({
      userInfo: { groups: ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"] },
    });
  });

  test("needs a right to each part of the other user", async () => {
    await account("actor");
    const token = await tokenOf("actor");
    const refused = async (headers: Readonly<Record<string, string | string[]>>) =>
      (await as(token, headers)).body.message;
    const who = 'User "system:serviceaccount:default:actor" cannot impersonate resource';
    expect(await refused({ "impersonate-user": "bob" })).toBe(
      `users "bob" is forbidden: ${who} "users" in API group "" at the cluster scope`,
    );
    expect(await refused({ "impersonate-user": "system:serviceaccount:shop:web" })).toBe(
      `serviceaccounts "web" is forbidden: ${who} "serviceaccounts" in API group "" in the namespace "shop"`,
    );
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const rules = [{ apiGroups: [""], resources: ["users"], verbs: ["impersonate"], resourceNames: ["bob"] }];
    await client.send("POST", `${rbac}/clusterroles`, { body: { metadata: { name: "actor" }, rules } });
    const roleRef = { kind: "ClusterRole", name: "actor", apiGroup: "rbac.authorization.k8s.io" };
    const subjects = [{ kind: "ServiceAccount", name: "actor", namespace: "default" }];
    const binding = { metadata: { name: "actor" }, roleRef, subjects };
    await client.send("POST", `${rbac}/clusterrolebindings`, { body: binding });
    expect((await as(token, { "impersonate-user": "bob" })).code).toBe(201);
    expect((await as(token, { "impersonate-user": "eve" })).code).toBe(403);
    expect(await refused({ "impersonate-user": "bob", "impersonate-group": "system:masters" })).toContain(
      'groups "system:masters" is forbidden',
    );
    expect(await refused({ "impersonate-user": "bob", "impersonate-extra-scopes": "all" })).toContain(
      'userextras.authentication.k8s.io "all" is forbidden',
    );
  });

  test("of groups without a user is refused", async () => {
    const answer = await as(api.adminToken, { "impersonate-group": "a" });
    expect([answer.code, answer.body.message]).toEqual([
      400,
      expect.stringContaining("without impersonating a user name"),
    ]);
  });
});
