import { expect } from "vitest";
import type { RawEvent } from "../../../../src/testing/raw-client.ts";
import type { Made } from "../api.ts";
import { area } from "../area.ts";
import { gadget, map } from "../objects.ts";

export const initialLists = area("streaming lists and bookmarks");
const { test } = initialLists;

const streaming = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
const objectIn = ({ object }: RawEvent) => object as unknown as Made;
const isBookmark = ({ type }: RawEvent) => type === "BOOKMARK";

test("a streaming list sends what is there, then a bookmark that says so (surprise 4)", async ({
  make,
  watch,
  maps,
}) => {
  await make(maps, map("a"));
  const { metadata } = await make(maps, map("b"));
  const events = await watch(`${maps}?${streaming}`);
  const bookmark = objectIn(await events.next(isBookmark));
  expect(events.events.map(({ type }) => type)).toEqual(["ADDED", "ADDED", "BOOKMARK"]);
  expect(bookmark).toMatchObject({ kind: "ConfigMap", apiVersion: "v1" });
  expect(bookmark.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
  expect(Number(bookmark.metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(metadata.resourceVersion));
});

test("an empty streaming list is its bookmark", async ({ watch, maps }) => {
  const events = await watch(`${maps}?${streaming}`);
  await events.next(isBookmark);
  expect(events.events.length).toBe(1);
});

test("a streaming list goes on as a watch, from the version of its bookmark", async ({ make, watch, maps }) => {
  const events = await watch(`${maps}?${streaming}`);
  await events.next(isBookmark);
  await make(maps, map("later"));
  await events.next(({ type }) => type === "ADDED");
  expect(events.events.map(({ type }) => type)).toEqual(["BOOKMARK", "ADDED"]);
});

test("a streaming list holds what its selectors let through", async ({ make, watch, maps }) => {
  await make(maps, map("in", {}, { labels: { in: "" } }));
  await make(maps, map("out"));
  const events = await watch(`${maps}?${streaming}&labelSelector=in`);
  await events.next(isBookmark);
  expect(events.events.map((event) => objectIn(event).metadata.name ?? "")).toEqual(["in", ""]);
});

test("a streaming list of a custom kind ends with a bookmark of that kind", async ({ make, watch, gadgets }) => {
  await make(gadgets, gadget("a"));
  const events = await watch(`${gadgets}?${streaming}&resourceVersion=0`);
  expect(objectIn(await events.next(isBookmark))).toMatchObject({ kind: "Gadget", apiVersion: "example.net/v1" });
});

test("a streaming list as a table ends with a bookmark, too", async ({ make, watch, maps }) => {
  await make(maps, map("a"));
  const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
  const events = await watch(`${maps}?${streaming}`, { headers });
  const { object } = await events.next(isBookmark);
  expect(object).toMatchObject({ kind: "Table" });
  expect(JSON.stringify(object)).toContain("k8s.io/initial-events-end");
});

test("initial events need a way to match versions", async ({ watch, maps }) => {
  const without = await watch(`${maps}?sendInitialEvents=true`);
  const exact = await watch(`${maps}?sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=1`);
  expect([without.code, exact.code]).toEqual([422, 422]);
});

test("sendInitialEvents is for watches alone", async ({ get, maps }) => {
  const answer = await get(`${maps}?sendInitialEvents=true`);
  expect(answer.code).toBe(422);
  expect(answer.body.message).toContain("sendInitialEvents is forbidden for list");
});

test("initial events that are declined are not sent, whatever the version", async ({ make, watch, maps }) => {
  await make(maps, map("a"));
  const events = await watch(
    `${maps}?sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
  );
  await make(maps, map("b"));
  await events.next(({ type }) => type === "ADDED");
  expect(events.events.map((event) => objectIn(event).metadata.name)).toEqual(["b"]);
});

test("a watch that asks for bookmarks gets one before its time is up, if versions moved on (surprise 4)", async ({
  make,
  watch,
  maps,
  here,
}) => {
  const { metadata } = await make(maps, map("a"));
  const query = `resourceVersion=${metadata.resourceVersion}&fieldSelector=metadata.name%3Da&timeoutSeconds=3`;
  const events = await watch(`/api/v1${here}/configmaps?allowWatchBookmarks=true&${query}`);
  const later = await make(maps, map("b"));
  const bookmark = objectIn(await events.next(isBookmark));
  expect(bookmark).toMatchObject({ kind: "ConfigMap", apiVersion: "v1" });
  expect(Number(bookmark.metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(later.metadata.resourceVersion));
});

test("a watch that does not ask for bookmarks gets none", async ({ make, watch, maps }) => {
  const { metadata } = await make(maps, map("a"));
  const query = `resourceVersion=${metadata.resourceVersion}&fieldSelector=metadata.name%3Da&timeoutSeconds=3`;
  const events = await watch(`${maps}?${query}`);
  await make(maps, map("b"));
  await events.ended;
  expect(events.events).toEqual([]);
});
