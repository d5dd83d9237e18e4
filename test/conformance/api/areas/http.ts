import { Agent } from "node:https";
import { gunzipSync } from "node:zlib";
import { expect } from "vitest";
import { parseJson } from "../../../../src/lib/json.ts";
import { objectOf } from "../api.ts";
import { area } from "../area.ts";
import { bytesOf } from "../bytes.ts";
import { gadget, map } from "../objects.ts";

export const http = area("HTTP");
const { test } = http;

const table = "application/json;as=Table;v=v1;g=meta.k8s.io";

test("a body that is not JSON is 400 BadRequest", async ({ send, maps }) => {
  const answer = await send("POST", maps, { body: '{"metadata":{' });
  expect(answer.code).toBe(400);
  expect(answer.body).toMatchObject({ kind: "Status", apiVersion: "v1", status: "Failure", reason: "BadRequest" });
});

test("text after the end of a JSON body is 400", async ({ send, maps }) => {
  const answer = await send("POST", maps, { body: `${JSON.stringify(map("trailing"))} x` });
  expect(answer.code).toBe(400);
});

test("an empty body of a create is 400", async ({ send, maps }) => {
  expect((await send("POST", maps, { body: "" })).code).toBe(400);
});

test("a body of another kind than the path's is 400 and says both", async ({ post, maps }) => {
  const answer = await post(maps, { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } });
  expect(answer.code).toBe(400);
  expect(answer.body).toMatchObject({ reason: "BadRequest", message: expect.stringMatching(/Secret.*ConfigMap/) });
});

test("a custom resource of another version than the path's is 400", async ({ post, gadgets }) => {
  const answer = await post(gadgets, { ...gadget("a"), apiVersion: "example.net/v1beta1" });
  expect(answer.code).toBe(400);
  expect(answer.body.message).toContain("example.net/v1beta1");
});

test("a body in a media type that nobody reads is 415 UnsupportedMediaType, and says which are read", async ({
  send,
  maps,
}) => {
  const answer = await send("POST", maps, { body: "a=b", contentType: "application/x-www-form-urlencoded" });
  expect(answer.code).toBe(415);
  expect(answer.body).toMatchObject({
    reason: "UnsupportedMediaType",
    message: expect.stringContaining("application/json, application/yaml, application/vnd.kubernetes.protobuf"),
  });
});

test("a patch in a media type that is no patch's is 415", async ({ send, make, maps }) => {
  await make(maps, map("patched"));
  const answer = await send("PATCH", `${maps}/patched`, { body: {}, contentType: "application/json" });
  expect(`${answer.code} ${answer.body.reason}`).toBe("415 UnsupportedMediaType");
});

test("a client that accepts nothing that can be made gets 406 NotAcceptable, and hears what can", async ({
  get,
  maps,
}) => {
  const answer = await get(maps, { accept: "text/html" });
  expect(answer.code).toBe(406);
  expect(answer.body).toMatchObject({
    reason: "NotAcceptable",
    message: expect.stringContaining("application/json, application/yaml, application/vnd.kubernetes.protobuf"),
  });
});

test("the first of the client's media types that can be made is", async ({ get, maps }) => {
  const answer = await get(maps, { accept: `text/html, application/yaml, ${table}` });
  expect(answer.headers["content-type"]).toBe("application/yaml");
});

test("a client that names no media type, or takes any, gets JSON", async ({ get, maps }) => {
  const answers = await Promise.all([get(maps), get(maps, { accept: "*/*" }), get(maps, { accept: "application/*" })]);
  expect(answers.map(({ headers }) => headers["content-type"])).toEqual(Array(3).fill("application/json"));
});

test("YAML is read and written", async ({ send, maps }) => {
  const body = "metadata:\n  name: yaml\ndata:\n  a: '1'\n";
  const headers = { accept: "application/yaml" };
  const answer = await send("POST", maps, { body, contentType: "application/yaml", headers });
  expect(answer.code).toBe(201);
  expect(answer.text).toMatch(/^kind: ConfigMap$/m);
  expect(answer.text).toMatch(/^ {2}a: "1"$/m);
});

test("malformed YAML is 400", async ({ send, maps }) => {
  const answer = await send("POST", maps, { body: "metadata: {name: [", contentType: "application/yaml" });
  expect(answer.code).toBe(400);
});

test("a method that a resource does not have is 405 MethodNotAllowed", async ({ send, maps }) => {
  const answers = await Promise.all([
    send("PUT", maps, { body: {} }),
    send("PATCH", maps, { body: {}, contentType: "application/merge-patch+json" }),
    send("POST", `${maps}/a`, { body: {} }),
    send("POST", "/api/v1/configmaps", { body: map("a") }),
  ]);
  expect(answers.map(({ code, body }) => `${code} ${body.reason}`)).toEqual(Array(4).fill("405 MethodNotAllowed"));
});

test("a path that nothing is served at is 404", async ({ get, maps }) => {
  const paths = ["/nothing", "/apis/none.example.com/v1/things", "/api/v1/things", `${maps}/a/b/c`, "/api/v2"];
  const answers = await Promise.all(paths.map((path) => get(path)));
  expect(answers.map(({ code }) => code)).toEqual(paths.map(() => 404));
});

test("an unknown kind of a group that is served is 404, and no Status", async ({ get, here }) => {
  const answer = await get(`/apis/example.net/v1${here}/things`);
  expect(`${answer.code} ${answer.headers["content-type"]}`).toMatch(/^404 text\/plain/);
  expect(answer.text).toBe("404 page not found\n");
});

test("there is no HEAD of anything", async ({ send, maps }) => {
  const answer = await send("HEAD", maps);
  expect(`${answer.code} ${answer.text}`).toBe("405 ");
});

test("a body over 3 MiB is 413 RequestEntityTooLarge, and says the limit", async ({ post, maps }) => {
  const answer = await post(maps, map("huge", { a: "x".repeat(3 << 20) }));
  expect(answer.code).toBe(413);
  expect(answer.body).toMatchObject({
    reason: "RequestEntityTooLarge",
    message: expect.stringContaining("limit is 3145728"),
  });
});

test("every answer says how long it may be kept: not at all, without asking", async ({ get, maps }) => {
  expect((await get(maps)).headers["cache-control"]).toBe("no-cache, private");
});

test("every answer carries the id that its request is audited by", async ({ get, maps }) => {
  expect((await get(maps)).headers["audit-id"]).toMatch(/^[0-9a-f-]{36}$/);
});

test("a long answer is compressed for clients that take gzip, and a short one is not", async ({
  server,
  make,
  maps,
}) => {
  for (const name of ["one", "two"]) await make(maps, map(name, { a: "x".repeat(90_000) }));
  const headers = { "accept-encoding": "gzip" };
  const long = await bytesOf(server, maps, { headers });
  const short = await bytesOf(server, "/api/v1/namespaces/default", { headers });
  expect([long, short].map((answer) => answer.headers["content-encoding"])).toEqual(["gzip", undefined]);
  expect(long.bytes.length).toBeLessThan(20_000);
  expect(parseJson(gunzipSync(long.bytes).toString())).toMatchObject({ items: [{}, {}] });
});

test("many requests go through one connection, answers of failure among them", async ({ server, maps }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const paths = [maps, `${maps}/none`, "/nothing", maps, "/version"];
  const sockets = [];
  for (const path of paths) sockets.push((await bytesOf(server, path, { agent })).port);
  agent.destroy();
  expect(new Set(sockets).size).toBe(1);
});

test("query parameters that cannot be understood are refused: 400 for what selects, 422 for what says how to write", async ({
  send,
  maps,
}) => {
  const limit = await send("GET", `${maps}?limit=many`);
  const version = await send("GET", `${maps}?resourceVersion=x`);
  const selector = await send("GET", `${maps}?labelSelector=a%20b`);
  const validation = await send("POST", `${maps}?fieldValidation=Maybe`, { body: map("a") });
  const dry = await send("POST", `${maps}?dryRun=Some`, { body: map("a") });
  expect([limit.code, selector.code]).toEqual([400, 400]);
  expect([version.code, validation.code, dry.code]).toEqual([400, 422, 422]);
});

test("an unknown query parameter is nobody's business", async ({ get, maps }) => {
  expect((await get(`${maps}?nonsense=1`)).code).toBe(200);
});

test("a request that asks for indentation gets it", async ({ get, make, maps }) => {
  await make(maps, map("pretty"));
  const [plain, pretty] = await Promise.all([get(`${maps}/pretty`), get(`${maps}/pretty?pretty=true`)]);
  expect(plain.text).not.toContain("\n  ");
  expect(pretty.text).toContain('\n  "kind": "ConfigMap"');
  expect(objectOf(pretty)).toEqual(objectOf(plain));
});
