import { expect } from "vitest";
import { createAuthority, issueCertificate } from "../../../../src/lib/certificate.ts";
import { systemRandom } from "../../../../src/lib/random.ts";
import { account } from "../accounts.ts";
import { objectOf } from "../api.ts";
import { area } from "../area.ts";
import { bytesOf } from "../bytes.ts";

export const authentication = area("authentication");
const { test } = authentication;

const whoAmI = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const tokenReviews = "/apis/authentication.k8s.io/v1/tokenreviews";

test("a token that nobody gave is 401 Unauthorized with a Status", async ({ get, maps }) => {
  const answer = await get(maps, { authorization: "Bearer nonsense" });
  expect(answer.code).toBe(401);
  expect(answer.body).toEqual({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: "Unauthorized",
    reason: "Unauthorized",
    code: 401,
  });
});

test("a client certificate says who asks: its name and its groups", async ({ server }) => {
  const tls = { cert: server.clientCertPem, key: server.clientKeyPem };
  const body = Buffer.from("{}");
  const headers = { "content-type": "application/json" };
  const answer = await bytesOf(server, whoAmI, { method: "POST", tls, body, headers });
  expect(answer.code).toBe(201);
  expect(JSON.parse(answer.bytes.toString())).toMatchObject({
    status: { userInfo: { groups: expect.arrayContaining(["system:masters", "system:authenticated"]) } },
  });
});

test("a certificate of another authority is worth nothing", async ({ server, maps }) => {
  const made = { now: new Date(), random: systemRandom };
  const authority = await createAuthority({ ...made, commonName: "elsewhere" });
  const who = { commonName: "admin", organizations: ["system:masters"], use: "client" } as const;
  const { certPem, keyPem } = await issueCertificate(authority, { ...made, ...who });
  const answer = await bytesOf(server, maps, { tls: { cert: certPem, key: keyPem } });
  expect(answer.code).toBe(401);
});

test("a service account's token says who it is, its groups and where it came from", async (api) => {
  const { user, headers } = await account(api);
  const answer = await api.send("POST", whoAmI, { body: {}, headers });
  expect(answer.code).toBe(201);
  expect(answer.body).toMatchObject({
    kind: "SelfSubjectReview",
    status: {
      userInfo: {
        username: user,
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        groups: ["system:serviceaccounts", `system:serviceaccounts:${api.namespace}`, "system:authenticated"],
      },
    },
  });
});

test("a token request tells when the token ends, and the token says so itself", async (api) => {
  const path = `/api/v1${api.here}/serviceaccounts`;
  const { metadata } = await api.make(path, { metadata: { name: "a" } });
  const answer = await api.post(`${path}/a/token`, {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    spec: { expirationSeconds: 3600 },
  });
  expect(answer.code).toBe(201);
  const { spec, status } = objectOf(answer) as unknown as TokenRequest;
  expect(spec.expirationSeconds).toBe(3600);
  const claims = JSON.parse(Buffer.from(status.token.split(".")[1] ?? "", "base64url").toString()) as Claims;
  expect(claims).toMatchObject({
    iss: expect.stringContaining("https://"),
    sub: `system:serviceaccount:${api.namespace}:a`,
    aud: spec.audiences,
    "kubernetes.io": { namespace: api.namespace, serviceaccount: { name: "a", uid: metadata.uid } },
  });
  expect(claims.exp - claims.iat).toBe(3600);
  expect(new Date(status.expirationTimestamp).getTime()).toBe(claims.exp * 1000);
});

interface TokenRequest {
  readonly spec: { readonly audiences: readonly string[]; readonly expirationSeconds: number };
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
}

interface Claims {
  readonly exp: number;
  readonly iat: number;
}

test("a token that would end within ten minutes is refused", async (api) => {
  const path = `/api/v1${api.here}/serviceaccounts`;
  await api.make(path, { metadata: { name: "a" } });
  const answer = await api.post(`${path}/a/token`, { spec: { expirationSeconds: 599 } });
  expect([answer.code, answer.body.reason]).toEqual([422, "Invalid"]);
  expect(answer.body.message).toContain("spec.expirationSeconds");
});

test("a token of a service account that is gone is worth nothing, nor of its successor", async (api) => {
  const { headers } = await account(api);
  const path = `/api/v1${api.here}/serviceaccounts`;
  const code = async () => (await api.send("POST", whoAmI, { body: {}, headers })).code;
  await api.delete(`${path}/walker`);
  // A server may believe a token that it has seen for ten seconds more.
  await expect.poll(code, { timeout: 20_000, interval: 500 }).toBe(401);
  await api.make(path, { metadata: { name: "walker" } });
  expect(await code()).toBe(401);
});

test("a token for another audience is worth nothing here", async (api) => {
  const path = `/api/v1${api.here}/serviceaccounts`;
  await api.make(path, { metadata: { name: "a" } });
  const made = await api.post(`${path}/a/token`, { spec: { audiences: ["elsewhere"] } });
  const { status } = objectOf(made) as unknown as TokenRequest;
  const answer = await api.send("POST", whoAmI, { body: {}, headers: { authorization: `Bearer ${status.token}` } });
  expect(answer.code).toBe(401);
});

test("a token whose signature was changed is worth nothing", async (api) => {
  const { token } = await account(api);
  const [head, claims, signature = ""] = token.split(".");
  const forged = `${head}.${claims}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
  const answer = await api.get(api.maps, { authorization: `Bearer ${forged}` });
  expect(answer.code).toBe(401);
});

test("a token of no account is 404", async ({ post, here }) => {
  const answer = await post(`/api/v1${here}/serviceaccounts/none/token`, { spec: {} });
  expect([answer.code, answer.body.message]).toEqual([404, 'serviceaccounts "none" not found']);
});

test("a review of a token tells whose it is, and of another that it is nobody's", async (api) => {
  const { token, user } = await account(api);
  const known = await api.post(tokenReviews, { spec: { token } });
  expect(known.code).toBe(201);
  expect(known.body).toMatchObject({ kind: "TokenReview", status: { authenticated: true, user: { username: user } } });
  const unknown = await api.post(tokenReviews, { spec: { token: "nonsense" } });
  expect(unknown.code).toBe(201);
  expect((objectOf(unknown).status as { authenticated?: boolean }).authenticated).toBe(undefined);
});

test("the admin can ask as somebody else", async ({ send, get, maps }) => {
  const headers = { "impersonate-user": "eve", "impersonate-group": "example:walkers" };
  const answer = await send("POST", whoAmI, { body: {}, headers });
  expect(answer.body).toMatchObject({
    status: { userInfo: { username: "eve", groups: ["example:walkers", "system:authenticated"] } },
  });
  expect((await get(maps, headers)).code).toBe(403);
});
