import { expect } from "vitest";
import { parseProtobuf, protobufOf, protobufType } from "../../../../src/apiserver/protobuf/protobuf.ts";
import type { JsonObject } from "../../../../src/lib/json.ts";
import type { Api } from "../api.ts";
import { area } from "../area.ts";
import { bytesOf } from "../bytes.ts";
import { gadget, map } from "../objects.ts";

export const protobuf = area("protobuf");
const { test } = protobuf;

const accept = { accept: protobufType };
const metadataList = `${protobufType};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io`;

const send = ({ server }: Api, method: string, path: string, object: JsonObject) =>
  bytesOf(server, path, { method, body: protobufOf(object), headers: { ...accept, "content-type": protobufType } });

test("a built-in kind is made from a protobuf body, and answered in protobuf (surprise 1)", async (api) => {
  const answer = await send(api, "POST", api.maps, map("a", { a: "1" }, { labels: { l: "1" } }));
  expect([answer.code, answer.headers["content-type"]]).toEqual([201, protobufType]);
  const { body } = await api.get(`${api.maps}/a`);
  expect(body).toMatchObject({ data: { a: "1" }, metadata: { labels: { l: "1" } } });
  expect(parseProtobuf(answer.bytes)).toMatchObject({ kind: "ConfigMap", metadata: { name: "a" }, data: { a: "1" } });
});

test("an update in protobuf replaces, and a stale one is 409 in protobuf", async (api) => {
  const made = await api.make(api.maps, map("a"));
  const { resourceVersion } = made.metadata;
  const updated = await send(api, "PUT", `${api.maps}/a`, map("a", { b: "2" }, { resourceVersion }));
  expect([updated.code, parseProtobuf(updated.bytes).data]).toEqual([200, { b: "2" }]);
  const stale = await send(api, "PUT", `${api.maps}/a`, map("a", { c: "3" }, { resourceVersion }));
  expect([stale.code, stale.headers["content-type"]]).toEqual([409, protobufType]);
  expect(parseProtobuf(stale.bytes)).toMatchObject({ kind: "Status", reason: "Conflict", code: 409 });
});

test("lists of built-in kinds come in protobuf", async ({ server, make, maps }) => {
  await make(maps, map("a"));
  const answer = await bytesOf(server, maps, { headers: accept });
  expect(answer.headers["content-type"]).toBe(protobufType);
  const list = parseProtobuf(answer.bytes) as { kind: string; items: readonly object[] };
  expect([list.kind, list.items.length]).toEqual(["ConfigMapList", 1]);
  expect(list.items[0]).toMatchObject({ metadata: { name: "a" }, data: { a: "1" } });
});

test("a watch in protobuf is a stream of framed events", async ({ server, make, maps }) => {
  await make(maps, map("a"));
  const answer = await bytesOf(server, `${maps}?watch=1&timeoutSeconds=1`, { headers: accept });
  expect(answer.headers["content-type"]).toBe(`${protobufType};stream=watch`);
  expect(answer.bytes.readUInt32BE()).toBe(answer.bytes.length - 4);
  expect(answer.bytes.toString("latin1")).toContain("ADDED");
});

test("deletion takes its options in protobuf", async ({ server, make, get, maps }) => {
  const { metadata } = await make(maps, map("a"));
  const options = { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: metadata.uid } };
  const headers = { "content-type": protobufType };
  const answer = await bytesOf(server, `${maps}/a`, { method: "DELETE", headers, body: protobufOf(options) });
  expect([answer.code, (await get(`${maps}/a`)).code]).toEqual([200, 404]);
});

test("custom resources have no protobuf: 406 for those who accept nothing else (surprise 1)", async ({
  get,
  gadgets,
}) => {
  const answer = await get(gadgets, accept);
  expect(answer.code).toBe(406);
});

test("the metadata of custom resources does come in protobuf", async ({ server, make, gadgets }) => {
  await make(gadgets, gadget("a"));
  const answer = await bytesOf(server, gadgets, { headers: { accept: metadataList } });
  expect(answer.code).toBe(200);
  expect(parseProtobuf(answer.bytes)).toMatchObject({
    kind: "PartialObjectMetadataList",
    items: [{ metadata: { name: "a" } }],
  });
});

test("a body that says it is protobuf and is not is 400", async ({ send: post, maps }) => {
  const answers = [
    await post("POST", maps, { body: "nonsense", contentType: protobufType }),
    await post("POST", maps, { body: "k8s\0nonsense", contentType: protobufType }),
  ];
  expect(answers.map(({ code }) => code)).toEqual([400, 400]);
});
