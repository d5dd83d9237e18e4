import { expect } from "vitest";
import type { RawEvent, RawWatch } from "../../../../src/testing/raw-client.ts";
import type { Made } from "../api.ts";
import { area } from "../area.ts";
import { gadget, map } from "../objects.ts";

export const watches = area("watches");
const { test } = watches;

const objectIn = ({ object }: RawEvent) => object as unknown as Made;
const about = (type: string, name: string) => (event: RawEvent) =>
  event.type === type && objectIn(event).metadata.name === name;
/** What was said so far: "ADDED a", in order. */
const said = ({ events }: RawWatch) =>
  events.map((event) => `${event.type} ${event.type === "BOOKMARK" ? "" : objectIn(event).metadata.name}`.trim());

test("a watch from a version sends what came after it, in order", async ({
  make,
  patch,
  delete: remove,
  watch,
  maps,
}) => {
  const first = await make(maps, map("a"));
  await make(maps, map("b"));
  await patch("merge", `${maps}/b`, { data: { b: "2" } });
  await remove(`${maps}/a`);
  const events = await watch(`${maps}?resourceVersion=${first.metadata.resourceVersion}`);
  await events.next(about("DELETED", "a"));
  expect(said(events)).toEqual(["ADDED b", "MODIFIED b", "DELETED a"]);
});

test("a watch without a version begins with what is there, and goes on", async ({ make, watch, maps }) => {
  await make(maps, map("a"));
  await make(maps, map("b"));
  const events = await watch(maps);
  await events.next(about("ADDED", "b"));
  await make(maps, map("c"));
  await events.next(about("ADDED", "c"));
  expect(said(events).sort()).toEqual(["ADDED a", "ADDED b", "ADDED c"]);
});

test("a watch from version 0 begins with what is there, too", async ({ make, watch, maps }) => {
  await make(maps, map("a"));
  const events = await watch(`${maps}?resourceVersion=0`);
  const { metadata } = objectIn(await events.next(about("ADDED", "a")));
  await make(maps, map("b"));
  await events.next(about("ADDED", "b"));
  expect(metadata.resourceVersion).toMatch(/^\d+$/);
});

test("a watch is sent as JSON, an event a line, and never ends by itself", async ({ make, send, watch, maps }) => {
  await make(maps, map("a"));
  const events = await watch(maps);
  await events.next(about("ADDED", "a"));
  const { code, headers, text } = await send("GET", `${maps}?watch=1&timeoutSeconds=1`);
  expect([code, headers["content-type"], headers["transfer-encoding"]]).toEqual([200, "application/json", "chunked"]);
  expect(text.trimEnd().split("\n").length).toBe(1);
});

test("a deletion is told with the object as it was and the version of the deletion (surprise 2)", async ({
  make,
  delete: remove,
  watch,
  maps,
}) => {
  const { metadata } = await make(maps, map("a", { kept: "1" }));
  const events = await watch(`${maps}?resourceVersion=${metadata.resourceVersion}`);
  await remove(`${maps}/a`);
  const gone = objectIn(await events.next(about("DELETED", "a")));
  expect(gone.data).toEqual({ kept: "1" });
  expect(Number(gone.metadata.resourceVersion)).toBeGreaterThan(Number(metadata.resourceVersion));
});

test("an object that leaves a selection is DELETED with its old labels and the change's version, one that comes is ADDED (surprise 3)", async ({
  make,
  patch,
  watch,
  maps,
}) => {
  const { metadata } = await make(maps, map("a", {}, { labels: { in: "yes" } }));
  const selected = `${maps}?labelSelector=in%3Dyes&resourceVersion=${metadata.resourceVersion}`;
  const live = await watch(selected);
  const relabel = async (value: string) =>
    (await patch("merge", `${maps}/a`, { metadata: { labels: { in: value } } })).body as unknown as Made;
  const left = await relabel("no");
  const back = await relabel("yes");
  await live.next(about("ADDED", "a"));
  const replayed = await watch(selected);
  await replayed.next(about("ADDED", "a"));
  for (const { events } of [live, replayed])
    expect(
      events.map((event) => {
        const { labels, resourceVersion } = objectIn(event).metadata;
        return [event.type, labels, resourceVersion];
      }),
    ).toEqual([
      ["DELETED", { in: "yes" }, left.metadata.resourceVersion],
      ["ADDED", { in: "yes" }, back.metadata.resourceVersion],
    ]);
});

test("a change of an object that stays out of a selection is not told", async ({ make, patch, watch, maps }) => {
  const { metadata } = await make(maps, map("out"));
  const events = await watch(`${maps}?labelSelector=in&resourceVersion=${metadata.resourceVersion}`);
  await patch("merge", `${maps}/out`, { data: { b: "2" } });
  await make(maps, map("last", {}, { labels: { in: "" } }));
  await events.next(about("ADDED", "last"));
  expect(said(events)).toEqual(["ADDED last"]);
});

test("a watch by name tells of that object alone", async ({ make, watch, maps }) => {
  const { metadata } = await make(maps, map("first"));
  const events = await watch(`${maps}?fieldSelector=metadata.name%3Db&resourceVersion=${metadata.resourceVersion}`);
  await make(maps, map("a"));
  await make(maps, map("b"));
  await events.next(about("ADDED", "b"));
  expect(said(events)).toEqual(["ADDED b"]);
});

test("a field selector follows an object in and out, as labels do", async ({ make, patch, watch, gadgets }) => {
  const { metadata } = await make(gadgets, gadget("a", { size: 1, color: "red" }));
  const query = `fieldSelector=spec.color%3Dred&resourceVersion=${metadata.resourceVersion}`;
  const events = await watch(`${gadgets}?${query}`);
  for (const color of ["blue", "red"]) await patch("merge", `${gadgets}/a`, { spec: { color } });
  await events.next(about("ADDED", "a"));
  expect(said(events)).toEqual(["DELETED a", "ADDED a"]);
});

test("a watch of all namespaces tells of each", async ({ make, watch, maps, namespace }) => {
  const { metadata } = await make(maps, map("a"));
  const events = await watch(`/api/v1/configmaps?labelSelector=mine&resourceVersion=${metadata.resourceVersion}`);
  await make(maps, map("b", {}, { labels: { mine: "" } }));
  expect(objectIn(await events.next(about("ADDED", "b"))).metadata.namespace).toBe(namespace);
});

test("a write that changes nothing is not told (surprise 7)", async ({ make, patch, put, watch, maps }) => {
  const made = await make(maps, map("a"));
  const events = await watch(`${maps}?resourceVersion=${made.metadata.resourceVersion}`);
  await patch("merge", `${maps}/a`, { data: { a: "1" } });
  await put(`${maps}/a`, made);
  await make(maps, map("b"));
  await events.next(about("ADDED", "b"));
  expect(said(events)).toEqual(["ADDED b"]);
});

test("a version too old is 200 and an ERROR event with 410 Expired, then the end (surprise 5)", async ({
  server,
  make,
  watch,
  gadgets,
}) => {
  await make(gadgets, gadget("a"));
  await server.forget();
  const events = await watch(`${gadgets}?resourceVersion=1`);
  expect(events.code).toBe(200);
  const { object } = await events.next(({ type }) => type === "ERROR");
  expect(object).toMatchObject({ kind: "Status", status: "Failure", reason: "Expired", code: 410 });
  await events.ended;
  expect(events.events.length).toBe(1);
});

test("timeoutSeconds ends a watch", async ({ make, watch, maps }) => {
  const { metadata } = await make(maps, map("a"));
  const events = await watch(`${maps}?timeoutSeconds=1&resourceVersion=${metadata.resourceVersion}`);
  await events.ended;
  expect([events.code, said(events)]).toEqual([200, []]);
});

test("each version of a custom kind is watched in its own", async ({ make, watch, gadgets, here }) => {
  const old = await watch(`/apis/example.net/v1beta1${here}/gadgets`);
  const current = await watch(gadgets);
  await make(gadgets, gadget("a"));
  const seen = await Promise.all([old, current].map((events) => events.next(about("ADDED", "a"))));
  expect(seen.map((event) => objectIn(event).apiVersion)).toEqual(["example.net/v1beta1", "example.net/v1"]);
});

test("events of built-in kinds carry their kind and version", async ({ make, watch, maps }) => {
  const events = await watch(maps);
  await make(maps, map("a"));
  expect(objectIn(await events.next(about("ADDED", "a")))).toMatchObject({ kind: "ConfigMap", apiVersion: "v1" });
});

test("the old path of watches, before the resource, does what the parameter does", async ({
  make,
  watch,
  here,
  maps,
}) => {
  await make(maps, map("a"));
  const events = await watch(`/api/v1/watch${here}/configmaps`);
  expect(events.code).toBe(200);
  await events.next(about("ADDED", "a"));
});

test("the path of one object with the parameter only reads it", async ({ get, make, maps }) => {
  await make(maps, map("a"));
  expect((await get(`${maps}/a?watch=1`)).body).toMatchObject({ kind: "ConfigMap", metadata: { name: "a" } });
});

test("one object is watched by its old path", async ({ make, watch, here, maps }) => {
  await make(maps, map("a"));
  await make(maps, map("b"));
  const events = await watch(`/api/v1/watch${here}/configmaps/b`);
  await events.next(about("ADDED", "b"));
  expect(said(events)).toEqual(["ADDED b"]);
});
