import { afterEach, beforeEach, expect, test } from "vitest";
import type { Converters } from "../../apiserver/crd/custom-kind.ts";
import { Failure } from "../../lib/failure.ts";
import type { JsonObject } from "../../lib/json.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { type RawClient, type RawEvent, rawClient } from "../../testing/raw-client.ts";
import { widgets } from "../../testing/widgets.ts";

const spec = widgets.spec as { readonly versions: readonly JsonObject[] };
const inTwoVersions: JsonObject = {
  ...widgets,
  spec: { ...spec, versions: [...spec.versions, { ...spec.versions[0], name: "v2", storage: false }] },
};
/** No widget that is called odd can be had in version 2. */
const converters: Converters = new Map([
  [
    "widgets.example.com",
    (object, version) => {
      if ((object.metadata as { name: string }).name === "odd" && version.endsWith("v2"))
        throw new Failure("internal", "an odd widget has no form in v2");
      return { ...object, apiVersion: version };
    },
  ],
]);
const path = (version: string) => `/apis/example.com/${version}/namespaces/default/widgets`;
const isOf = (name: string) => (event: RawEvent) => (event.object.metadata as { name?: string }).name === name;
const isError = ({ type }: RawEvent) => type === "ERROR";

let api: ThrowAwayApi;
let client: RawClient;
beforeEach(async () => {
  api = await throwAwayApi({ crds: [inTwoVersions], converters });
  client = rawClient(api);
});
afterEach(async () => {
  client.close();
  await api.stop();
});
const create = (name: string) =>
  client.send("POST", path("v1"), {
    body: { apiVersion: "example.com/v1", kind: "Widget", metadata: { name }, spec: { size: 1 } },
  });

test("an object that cannot be converted ends the watches of that version with a Status, and no others", async () => {
  const asStored = await client.watch(`${path("v1")}?watch=1`);
  const converted = await Promise.all([1, 2].map(() => client.watch(`${path("v2")}?watch=1`)));
  expect((await create("even")).code).toBe(201);
  await Promise.all(converted.map((watch) => watch.next(isOf("even"))));
  expect((await create("odd")).code).toBe(201);
  const errors = await Promise.all(converted.map((watch) => watch.next(isError)));
  await Promise.all(converted.map(({ ended }) => ended));
  const status = { kind: "Status", code: 500, message: expect.stringContaining("no form in v2") };
  expect(errors).toMatchObject([{ object: status }, { object: status }]);
  await create("later");
  await asStored.next(isOf("later"));
  expect(asStored.events.map(({ type }) => type)).toEqual(["ADDED", "ADDED", "ADDED"]);
  asStored.close();
});

test("a watch that begins with an object that cannot be converted says so as an event, and ends", async () => {
  await create("odd");
  const watch = await client.watch(`${path("v2")}?watch=1`);
  await watch.ended;
  expect([watch.code, watch.events.map(({ type }) => type)]).toEqual([200, ["ERROR"]]);
});
