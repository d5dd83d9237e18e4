import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { type RawClient, rawClient } from "../../testing/raw-client.ts";
import { widgets } from "../../testing/widgets.ts";
import { parseProtobuf, protobufOf, protobufType } from "../protobuf/protobuf.ts";

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
const things = "/apis/example.com/v1/namespaces/default/widgets";
const map = (name: string) => ({ kind: "ConfigMap", apiVersion: "v1", metadata: { name }, data: { a: "1" } });
const widget = (name: string) => ({
  kind: "Widget",
  apiVersion: "example.com/v1",
  metadata: { name },
  spec: { size: 1 },
});

interface Call {
  readonly body?: Buffer;
  readonly accept?: string;
}

/** Opens a request with a protobuf body, and resolves with its answer's head. */
function open(method: string, path: string, { body, accept = protobufType }: Call = {}): Promise<IncomingMessage> {
  const head = { authorization: `Bearer ${api.adminToken}`, accept, "content-type": protobufType };
  const headers = { ...head, "content-length": body?.length ?? 0 };
  return new Promise((resolve, reject) => {
    request(api.url + path, { method, ca: api.caPem, headers }, resolve)
      .on("error", reject)
      .end(body);
  });
}

async function send(method: string, path: string, call?: Call) {
  const incoming = await open(method, path, call);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer); // no encoding is set
  return { code: incoming.statusCode, type: incoming.headers["content-type"], bytes: Buffer.concat(chunks) };
}

test("an object that comes in protobuf is stored, and answered in protobuf to a client that reads nothing else", async () => {
  const answer = await send("POST", maps, { body: protobufOf(map("stored")) });
  expect([answer.code, answer.type]).toEqual([201, protobufType]);
  const stored = (await client.send("GET", `${maps}/stored`)).body;
  expect(stored).toMatchObject(map("stored"));
  expect(parseProtobuf(answer.bytes)).toEqual(stored);
});

test("a client that reads JSON beside protobuf gets JSON", async () => {
  const answer = await send("GET", `${maps}?limit=1`, { accept: `${protobufType},application/json` });
  expect([answer.code, answer.type]).toEqual([200, "application/json"]);
});

test("an update in protobuf keeps what it does not change", async () => {
  const { body } = await client.send("POST", maps, { body: map("updated") });
  const answer = await send("PUT", `${maps}/updated`, { body: protobufOf({ ...body, data: { a: "2" } }) });
  expect(answer.code).toBe(200);
  expect(parseProtobuf(answer.bytes)).toMatchObject({ data: { a: "2" }, metadata: { name: "updated" } });
});

test("lists and the objects in them come in protobuf", async () => {
  await client.send("POST", maps, { body: map("listed") });
  const list = parseProtobuf((await send("GET", `${maps}?fieldSelector=metadata.name%3Dlisted`)).bytes);
  expect(list).toMatchObject({ kind: "ConfigMapList", items: [{ metadata: { name: "listed" }, data: { a: "1" } }] });
});

test("DeleteOptions in protobuf are obeyed, for custom resources too", async () => {
  await client.send("POST", maps, { body: map("kept") });
  await client.send("POST", things, { body: widget("kept") });
  const options = { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: "another" } };
  const body = protobufOf(options);
  const refused = await send("DELETE", `${maps}/kept`, { body });
  expect(refused.code).toBe(409);
  expect(parseProtobuf(refused.bytes)).toMatchObject({ kind: "Status", reason: "Conflict", code: 409 });
  expect((await send("DELETE", `${things}/kept`, { body, accept: "application/json" })).code).toBe(409);
  const gone = await send("DELETE", `${maps}/kept`);
  expect(parseProtobuf(gone.bytes)).toMatchObject({ kind: "Status", status: "Success", details: { name: "kept" } });
});

test("custom resources have no protobuf but that of their metadata", async () => {
  const body = protobufOf(map("none"));
  const refused = await send("POST", things, { body, accept: "application/json" });
  expect(refused.code).toBe(415);
  expect(refused.bytes.toString()).toContain("application/json, application/yaml");
  expect((await send("GET", things)).code).toBe(406);
  await client.send("POST", things, { body: widget("known") });
  const accept = `${protobufType};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`;
  const metadata = await send("GET", things, { accept });
  expect(parseProtobuf(metadata.bytes)).toMatchObject({
    kind: "PartialObjectMetadataList",
    items: expect.arrayContaining([{ metadata: expect.objectContaining({ name: "known" }) }]),
  });
});

test("tables are not made in protobuf", async () => {
  expect((await send("GET", maps, { accept: `${protobufType};as=Table;g=meta.k8s.io;v=v1` })).code).toBe(406);
});

test("a patch in a type that is none is 415 and names those that are", async () => {
  const contentType = "application/apply-patch+cbor";
  const apply = await client.send("PATCH", `${maps}/any`, { body: "kind: ConfigMap", contentType });
  const protobuf = await send("PATCH", `${maps}/any`, { body: protobufOf(map("any")) });
  expect([apply.code, protobuf.code]).toEqual([415, 415]);
  expect(apply.body.message).toContain("application/strategic-merge-patch+json");
});

test("a body that is no protobuf, and one of another kind, are 400 and say so", async () => {
  const broken = await send("POST", maps, { body: Buffer.from("{}"), accept: "application/json" });
  const other = { kind: "Secret", apiVersion: "v1", metadata: { name: "other" } };
  const wrong = await send("POST", maps, { body: protobufOf(other), accept: "application/json" });
  expect([broken.code, wrong.code]).toEqual([400, 400]);
  expect(broken.bytes.toString()).toContain("not valid protobuf");
});

test("a watch in protobuf tells what changes", async () => {
  const path = `${maps}?watch=true&fieldSelector=metadata.name%3Dwatched`;
  const incoming = await open(
    "GET",
    `${path}&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
  );
  expect(incoming.headers["content-type"]).toBe(`${protobufType};stream=watch`);
  const events = eventsOf(incoming);
  expect(await events.next()).toMatchObject({ value: { type: "BOOKMARK", object: { kind: "ConfigMap" } } });
  await client.send("POST", maps, { body: map("watched") });
  expect(await events.next()).toMatchObject({ value: { type: "ADDED", object: map("watched") } });
  await client.send("DELETE", `${maps}/watched`);
  expect(await events.next()).toMatchObject({ value: { type: "DELETED", object: map("watched") } });
  incoming.destroy();
});

/** The events in a stream of frames: a length in four bytes, then type and object. */
async function* eventsOf(incoming: IncomingMessage): AsyncGenerator<{ type: string; object: JsonObject }> {
  let rest = Buffer.alloc(0);
  for await (const chunk of incoming) {
    rest = Buffer.concat([rest, chunk as Buffer]); // no encoding is set
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      const end = 4 + rest.readUInt32BE();
      const reader = new BinaryReader(rest.subarray(4, end));
      reader.tag();
      const type = reader.string();
      reader.tag();
      const extension = new BinaryReader(reader.bytes());
      extension.tag();
      yield { type, object: parseProtobuf(Buffer.from(extension.bytes())) };
      rest = rest.subarray(end);
    }
  }
}
