import { expect } from "vitest";
import type { RawAnswer } from "../../../../src/testing/raw-client.ts";
import { type Api, objectOf } from "../api.ts";
import { area } from "../area.ts";
import { gadget, map } from "../objects.ts";

export const apply = area("server-side apply and field ownership");
const { test } = apply;

const applyAs = ({ patch }: Api, manager: string, path: string, body: object, more = "") =>
  patch("apply", `${path}?fieldManager=${manager}${more}`, body);

const update = ({ send }: Api, manager: string, path: string, body: object) =>
  send("PATCH", `${path}?fieldManager=${manager}`, { body, contentType: "application/merge-patch+json" });

interface Owned {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1: object;
}

const ownersOf = (answer: RawAnswer) => {
  const owned = objectOf(answer).metadata.managedFields as readonly Owned[];
  return Object.fromEntries(
    owned.map(({ manager, operation, subresource, fieldsV1 }) => [
      [manager, operation, ...(subresource === undefined ? [] : [subresource])].join(" "),
      fieldsV1,
    ]),
  );
};

test("an object is made by apply with 201, changed with 200, and the manager owns what it sent (surprise 13)", async (api) => {
  const path = `${api.maps}/a`;
  const made = await applyAs(api, "one", path, map("a", { a: "1" }));
  expect(made.code).toBe(201);
  expect(ownersOf(made)).toEqual({ "one Apply": { "f:data": { "f:a": {} } } });
  const changed = await applyAs(api, "one", path, map("a", { a: "2" }));
  expect([changed.code, changed.body.data]).toEqual([200, { a: "2" }]);
});

test("defaults are owned by nobody, and a dropped field goes back to its default (surprise 13)", async (api) => {
  const path = `${api.gadgets}/a`;
  const made = await applyAs(api, "one", path, gadget("a", { size: 1 }));
  expect(made.body.spec).toEqual({ size: 1, color: "green" });
  expect(ownersOf(made)).toEqual({ "one Apply": { "f:spec": { "f:size": {} } } });
  await applyAs(api, "one", path, gadget("a", { size: 1, color: "red" }));
  const dropped = await applyAs(api, "one", path, gadget("a", { size: 1 }));
  expect(dropped.body.spec).toEqual({ size: 1, color: "green" });
});

test("a field that its only manager leaves out is removed", async (api) => {
  const path = `${api.maps}/a`;
  await applyAs(api, "one", path, map("a", { a: "1", b: "2" }));
  await applyAs(api, "two", path, map("a", { c: "3" }));
  const answer = await applyAs(api, "one", path, map("a", { a: "1" }));
  expect(answer.body.data).toEqual({ a: "1", c: "3" });
});

test("a field that another manager set is a conflict: 409 with a cause for each field", async (api) => {
  const path = `${api.maps}/a`;
  await applyAs(api, "one", path, map("a", { a: "1", b: "1" }));
  const answer = await applyAs(api, "two", path, map("a", { a: "2", b: "2" }));
  expect(answer.code).toBe(409);
  expect(answer.body).toMatchObject({
    reason: "Conflict",
    message: 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b',
    details: {
      causes: [
        { reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".data.a" },
        { reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".data.b" },
      ],
    },
  });
});

test("force takes the field, and the same value is shared without a conflict", async (api) => {
  const path = `${api.maps}/a`;
  await applyAs(api, "one", path, map("a", { a: "1", b: "1" }));
  const shared = await applyAs(api, "two", path, map("a", { a: "1" }));
  expect(ownersOf(shared)).toEqual({
    "one Apply": { "f:data": { "f:a": {}, "f:b": {} } },
    "two Apply": { "f:data": { "f:a": {} } },
  });
  const forced = await applyAs(api, "two", path, map("a", { a: "2" }), "&force=true");
  expect(ownersOf(forced)).toEqual({
    "one Apply": { "f:data": { "f:b": {} } },
    "two Apply": { "f:data": { "f:a": {} } },
  });
});

test("a plain patch takes ownership of what it changes (surprise 13)", async (api) => {
  const path = `${api.maps}/a`;
  await applyAs(api, "one", path, map("a", { a: "1", b: "1" }));
  const answer = await update(api, "two", path, { data: { a: "2" } });
  expect(ownersOf(answer)).toEqual({
    "one Apply": { "f:data": { "f:b": {} } },
    "two Update": { "f:data": { "f:a": {} } },
  });
});

test("an apply that changes nothing keeps the version (surprise 7)", async (api) => {
  const path = `${api.maps}/a`;
  const made = objectOf(await applyAs(api, "one", path, map("a")));
  const again = objectOf(await applyAs(api, "one", path, map("a")));
  expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
});

test("lists of maps are owned by key, sets by value", async (api) => {
  const path = `${api.gadgets}/a`;
  await applyAs(api, "one", path, gadget("a", { size: 1, tags: ["x"], parts: [{ name: "p", count: 1 }] }));
  const spec = { tags: ["y"], parts: [{ name: "q", count: 2 }] };
  const answer = await applyAs(api, "two", path, {
    apiVersion: "example.net/v1",
    kind: "Gadget",
    metadata: { name: "a" },
    spec,
  });
  expect(answer.body.spec).toMatchObject({
    tags: ["x", "y"],
    parts: [
      { name: "p", count: 1 },
      { name: "q", count: 2 },
    ],
  });
  expect(ownersOf(answer)["two Apply"]).toEqual({
    "f:spec": { "f:parts": { 'k:{"name":"q"}': { ".": {}, "f:count": {}, "f:name": {} } }, "f:tags": { 'v:"y"': {} } },
  });
});

test("a status is applied to its own path and owned apart", async (api) => {
  const path = `${api.gadgets}/a`;
  await applyAs(api, "one", path, gadget("a"));
  const body = { apiVersion: "example.net/v1", kind: "Gadget", metadata: { name: "a" }, status: { ready: true } };
  const answer = await applyAs(api, "one", `${path}/status`, body);
  expect(answer.body.status).toEqual({ ready: true });
  expect(ownersOf(answer)).toEqual({
    "one Apply": { "f:spec": { "f:size": {} } },
    "one Apply status": { "f:status": { "f:ready": {} } },
  });
});

test("apply needs a manager's name, and its body no managed fields", async (api) => {
  const nameless = await api.patch("apply", `${api.maps}/a`, map("a"));
  expect(nameless.code).toBe(422);
  expect(nameless.body.message).toContain("fieldManager: Required value: is required for apply patch");
  const managed = await applyAs(api, "one", `${api.maps}/a`, map("a", {}, { managedFields: [{ manager: "x" }] }));
  expect(managed.code).toBe(400);
  expect(managed.body.message).toContain("metadata.managedFields must be nil");
});

test("apply of an object at another version than the current one is 409", async (api) => {
  await applyAs(api, "one", `${api.maps}/a`, map("a"));
  const answer = await applyAs(api, "one", `${api.maps}/a`, map("a", { a: "2" }, { resourceVersion: "1" }));
  expect([answer.code, answer.body.reason]).toEqual([409, "Conflict"]);
});

test("a dry run of apply makes nothing", async (api) => {
  expect((await applyAs(api, "one", `${api.maps}/a`, map("a"), "&dryRun=All")).code).toBe(201);
  expect((await api.get(`${api.maps}/a`)).code).toBe(404);
});

test("a write without a manager's name is by the client's name up to the first slash", async ({ send, maps }) => {
  const answer = await send("POST", maps, { body: map("a"), headers: { "user-agent": "walker/v1.2 (linux)" } });
  expect(ownersOf(answer)).toEqual({ "walker Update": { "f:data": { ".": {}, "f:a": {} } } });
});

test("a manager's name over 128 characters is refused", async ({ send, maps }) => {
  const answer = await send("POST", `${maps}?fieldManager=${"x".repeat(129)}`, { body: map("a") });
  expect(answer.code).toBe(422);
});

test("an empty list of managed fields forgets who owned what", async (api) => {
  await applyAs(api, "one", `${api.maps}/a`, map("a"));
  const answer = await api.patch("merge", `${api.maps}/a`, { metadata: { managedFields: [{}] } });
  expect(objectOf(answer).metadata.managedFields).toBe(undefined);
});
