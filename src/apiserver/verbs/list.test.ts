import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { type RawClient, rawClient } from "../../testing/raw-client.ts";
import { widgets } from "../../testing/widgets.ts";

let api: ThrowAwayApi;
let client: RawClient;
beforeAll(async () => {
  api = await throwAwayApi({ crds: [widgets], window: { changes: 5, bytes: 1 << 20 } });
  client = rawClient(api);
  for (const name of ["a", "b", "c"]) await client.send("POST", maps, { body: { metadata: { name } } });
});
afterAll(async () => {
  client.close();
  await api.stop();
});

const maps = "/api/v1/namespaces/default/configmaps";
const namesIn = (list: JsonObject) =>
  (list.items as readonly { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
const continueOf = (answer: JsonObject) => String((answer.metadata as { continue?: string }).continue);

test("a page that is too old is 410, with a token to go on with what there is now", async () => {
  const first = (await client.send("GET", `${maps}?limit=1`)).body;
  expect(namesIn(first)).toEqual(["a"]);
  for (const name of ["d", "e", "f", "g", "h", "i"]) await client.send("POST", maps, { body: { metadata: { name } } });
  const late = await client.send("GET", `${maps}?limit=2&continue=${continueOf(first)}`);
  expect(late.body).toMatchObject({
    code: 410,
    reason: "Expired",
    message: expect.stringContaining("inconsistent list"),
  });
  const rest = (await client.send("GET", `${maps}?limit=2&continue=${continueOf(late.body)}`)).body;
  expect(namesIn(rest)).toEqual(["b", "c"]);
  expect(namesIn((await client.send("GET", `${maps}?continue=${continueOf(rest)}`)).body)).toEqual([
    "d",
    "e",
    "f",
    "g",
    "h",
    "i",
  ]);
});

describe("the items of a list", () => {
  test("of a built-in kind do not repeat their kind, those of a custom kind do", async () => {
    const path = "/apis/example.com/v1/namespaces/default/widgets";
    const widget = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "a" }, spec: { size: 1 } };
    await client.send("POST", path, { body: widget });
    const map = { data: { x: "1" }, kind: "ConfigMap", metadata: { name: "order" }, apiVersion: "v1" };
    await client.send("POST", maps, { body: map });
    const [built, custom] = await Promise.all(
      [maps, path].map(async (at) => (await client.send("GET", at)).body.items),
    );
    const keys = (items: unknown) => new Set((items as readonly object[]).flatMap((item) => Object.keys(item)));
    expect(keys(built)).toEqual(new Set(["metadata", "data"]));
    expect(keys(custom)).toEqual(new Set(["apiVersion", "kind", "metadata", "spec"]));
    expect((await client.send("GET", `${maps}/order`)).body).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
  });

  test("that are kept in the shape of another group do not either", async () => {
    const body = {
      metadata: { name: "happened", namespace: "default" },
      eventTime: "2026-01-01T00:00:00.000000Z",
      reportingController: "example.com/tests",
      reportingInstance: "one",
      action: "Testing",
      reason: "Tested",
      type: "Normal",
      regarding: { kind: "Pod", name: "x", namespace: "default" },
    };
    const events = "/apis/events.k8s.io/v1/namespaces/default/events";
    expect((await client.send("POST", events, { body })).code).toBe(201);
    const lists = await Promise.all(
      [events, "/api/v1/namespaces/default/events"].map((path) => client.send("GET", path)),
    );
    for (const { body: list } of lists) {
      expect(namesIn(list)).toEqual(["happened"]);
      expect((list.items as readonly object[]).flatMap((item) => Object.keys(item))).not.toContain("apiVersion");
    }
  });
});

test.each([
  ["limit=1&continue=x&resourceVersion=5", 400, "specifying resource version is not allowed when using continue"],
  [
    "resourceVersionMatch=Exact",
    422,
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
  ],
  [
    "resourceVersion=0&resourceVersionMatch=Exact",
    422,
    'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
  ],
  [
    "resourceVersion=1&resourceVersionMatch=Older",
    422,
    'Unsupported value: "Older": supported values: "Exact", "NotOlderThan", ""',
  ],
  ["resourceVersion=1&resourceVersionMatch=Exact", 410, "The resourceVersion for the provided list is too old."],
  ["resourceVersion=999999", 504, "Timeout: Too large resource version: 999999, current: "],
])("a list with %s is %i", async (query, code, message) => {
  const answer = await client.send("GET", `${maps}?${query}`);
  expect([answer.code, answer.body.message]).toEqual([code, expect.stringContaining(message)]);
});

describe("a watch from a version that is yet to come", () => {
  test("hears of nothing until then", async () => {
    const now = Number(((await client.send("GET", maps)).body.metadata as JsonObject).resourceVersion);
    const watch = await client.watch(`${maps}?watch=1&resourceVersion=${now + 2}`);
    for (const name of ["w1", "w2", "w3"]) await client.send("POST", maps, { body: { metadata: { name } } });
    const event = await watch.next(() => true);
    watch.close();
    expect(event).toMatchObject({ type: "ADDED", object: { metadata: { name: "w3" } } });
  });

  test("that asks for what there is first ends with an error that names both versions", async () => {
    const query = "watch=1&resourceVersion=999999&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    const watch = await client.watch(`${maps}?${query}&allowWatchBookmarks=true`);
    expect(watch.code).toBe(200);
    expect(await watch.next(() => true)).toMatchObject({
      type: "ERROR",
      object: { code: 504, details: { causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 1 } },
    });
    await watch.ended;
  });
});
