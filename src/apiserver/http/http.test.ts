import { connect } from "node:http2";
import { request } from "node:https";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthority, issueCertificate } from "../../lib/certificate.ts";
import { systemRandom } from "../../lib/random.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { type RawClient, rawClient } from "../../testing/raw-client.ts";

let api: ThrowAwayApi;
let client: RawClient;
beforeAll(async () => {
  api = await throwAwayApi();
  client = rawClient(api);
});
afterAll(async () => {
  client.close();
  await api.stop();
});

const maps = "/api/v1/namespaces/default/configmaps";
const anonymous = { headers: { authorization: "" } };

test("without a token or a certificate only health is told", async () => {
  const health = await Promise.all(
    ["/healthz", "/livez", "/readyz"].map((path) => client.send("GET", path, anonymous)),
  );
  expect(health.map(({ code, text }) => `${code} ${text}`)).toEqual(["200 ok", "200 ok", "200 ok"]);
  const others = await Promise.all(["/version", "/api", maps].map((path) => client.send("GET", path, anonymous)));
  expect(others.map(({ code }) => code)).toEqual([401, 401, 401]);
});

test("an unknown token is 401 with a Status", async () => {
  const answer = await client.send("GET", maps, { headers: { authorization: "Bearer nonsense" } });
  expect(answer.code).toBe(401);
  expect(answer.body).toMatchObject({ kind: "Status", reason: "Unauthorized", code: 401 });
});

test("a client certificate of the kubeconfig is as good as the token", async () => {
  const code = await new Promise((resolve, reject) => {
    const tls = { ca: api.caPem, cert: api.clientCertPem, key: api.clientKeyPem };
    request(`${api.url}/version`, tls, (answer) => resolve(answer.resume().statusCode))
      .on("error", reject)
      .end();
  });
  expect(code).toBe(200);
});

test("a certificate that another authority gave to the administrator's name is worth nothing", async () => {
  const made = { now: new Date(), random: systemRandom };
  const authority = await createAuthority({ ...made, commonName: "groupsnap-ca" });
  const who = { commonName: "groupsnap-admin", organizations: ["system:masters"], use: "client" } as const;
  const { certPem, keyPem } = await issueCertificate(authority, { ...made, ...who });
  const code = await new Promise((resolve, reject) => {
    const options = { ca: api.caPem, cert: certPem, key: keyPem, agent: false };
    request(`${api.url}/api`, options, (answer) => resolve(answer.resume().statusCode))
      .on("error", reject)
      .end();
  });
  expect(code).toBe(401);
});

test("HTTP/2 is spoken, and many requests share one connection", async () => {
  const session = connect(api.url, { ca: api.caPem });
  const get = () =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ":path": maps, authorization: `Bearer ${api.adminToken}` });
      stream.on("response", (headers) => resolve(headers[":status"]));
      stream.on("error", reject);
      stream.resume().end();
    });
  const codes = await Promise.all(Array.from({ length: 20 }, get));
  session.destroy();
  expect(new Set(codes)).toEqual(new Set([200]));
});

test("a body over 3 MiB is 413 and says the limit", async () => {
  const body = { metadata: { name: "huge" }, data: { a: "x".repeat(3 << 20) } };
  const answer = await client.send("POST", maps, { body });
  expect(answer.code).toBe(413);
  expect(answer.body).toMatchObject({ reason: "RequestEntityTooLarge", message: expect.stringContaining("3145728") });
});

test("malformed JSON and malformed YAML are 400 and say what is wrong", async () => {
  const json = await client.send("POST", maps, { body: '{"metadata":{' });
  const yaml = await client.send("POST", maps, { body: "metadata: {name: [", contentType: "application/yaml" });
  expect([json.code, yaml.code]).toEqual([400, 400]);
  expect(json.body.message).toContain("not valid JSON");
  expect(yaml.body.message).toContain("not valid YAML");
});

test("YAML is read and written, with its integers", async () => {
  const body = "metadata:\n  name: yaml\ndata:\n  a: '1'\n";
  const accept = { accept: "application/yaml" };
  const answer = await client.send("POST", maps, { body, contentType: "application/yaml", headers: accept });
  expect(answer.headers["content-type"]).toBe("application/yaml");
  expect(answer.text).toMatch(/^kind: ConfigMap$/m);
  expect(answer.text).toMatch(/^ {2}a: "1"$/m);
});

test("a large list is sent compressed to those who ask for it, and says the same", async () => {
  for (let i = 0; i < 3; i++)
    await client.send("POST", maps, { body: { metadata: { name: `large-${i}` }, data: { a: "x".repeat(90_000) } } });
  const plain = await client.send("GET", maps);
  const zipped = await new Promise<Buffer>((resolve, reject) => {
    const headers = { authorization: `Bearer ${api.adminToken}`, "accept-encoding": "gzip" };
    const outgoing = request(`${api.url}${maps}`, { ca: api.caPem, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => resolve(Buffer.concat(chunks)));
    });
    outgoing.on("error", reject).end();
  });
  expect(zipped.length).toBeLessThan(plain.text.length / 10);
  expect(gunzipSync(zipped).toString()).toBe(plain.text);
});

test("what is not served is 404 and what cannot be done 405, both with a Status", async () => {
  const unknown = await Promise.all(
    ["/nothing", "/apis/none.example.com/v1/things", "/api/v1/namespaces/default/configmaps/a/b/c"].map((path) =>
      client.send("GET", path),
    ),
  );
  expect(unknown.map(({ code, body }) => `${code} ${body.reason}`)).toEqual(Array(3).fill("404 NotFound"));
  const wrong = await client.send("PUT", maps, { body: {} });
  expect(`${wrong.code} ${wrong.body.reason}`).toBe("405 MethodNotAllowed");
});

test("wrong query parameters are refused by name", async () => {
  const queries = ["limit=many", "dryRun=Some", "fieldValidation=Maybe", "resourceVersion=x", "labelSelector=a%20b"];
  const answers = await Promise.all(
    queries.map((query) => client.send(/dry|field/.test(query) ? "POST" : "GET", `${maps}?${query}`, { body: {} })),
  );
  expect(answers.map(({ code }) => code)).toEqual([400, 422, 422, 400, 400]);
});

test("tables carry the columns of their kind", async () => {
  await client.send("POST", maps, { body: { metadata: { name: "columns" }, data: { a: "1", b: "2" } } });
  const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
  const { body } = await client.send("GET", `${maps}/columns`, { headers });
  expect(body).toMatchObject({ kind: "Table", rows: [{ cells: ["columns", 2, expect.any(String)] }] });
});

test("no metadata a client can make up is answered with a server error", async () => {
  const values = ["null", "1", '"x"', "[]", "[null]", "{}", '{"a":null}', "9007199254740993", `"${"é".repeat(300)}"`];
  const fields = ["name", "namespace", "generateName", "labels", "annotations", "finalizers", "ownerReferences", "uid"];
  const bodies = values.flatMap((value) => [
    value,
    `{"metadata":${value}}`,
    ...fields.map((field) => `{"metadata":{"name":"odd","${field}":${value}}}`),
  ]);
  const contentType = "application/merge-patch+json";
  await client.send("POST", maps, { body: { metadata: { name: "odd" } } });
  const answers = await Promise.all([
    ...bodies.map((body) => client.send("POST", `${maps}?dryRun=All`, { body })),
    ...bodies.map((body) => client.send("PATCH", `${maps}/odd?dryRun=All`, { body, contentType })),
  ]);
  expect(answers.filter(({ code }) => code >= 500).map(({ text }) => text)).toEqual([]);
  expect(answers.every(({ body }) => typeof body.kind === "string")).toBe(true);
});
