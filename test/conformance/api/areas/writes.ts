import { expect } from "vitest";
import { type Made, objectOf } from "../api.ts";
import { area } from "../area.ts";
import { gadget, map } from "../objects.ts";

export const writes = area("creates and updates");
const { test } = writes;

const versionOf = ({ metadata }: Made) => Number(metadata.resourceVersion);

test("an object that was made has a uid, a version, its creation time and what was sent", async ({
  post,
  get,
  maps,
  namespace,
}) => {
  const answer = await post(maps, map("a", { a: "1" }, { labels: { l: "1" }, annotations: { n: "2" } }));
  expect(answer.code).toBe(201);
  const { managedFields: _, ...metadata } = objectOf(answer).metadata;
  expect({ ...answer.body, metadata }).toEqual({
    kind: "ConfigMap",
    apiVersion: "v1",
    metadata: {
      name: "a",
      namespace,
      uid: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      resourceVersion: expect.stringMatching(/^\d+$/),
      creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      labels: { l: "1" },
      annotations: { n: "2" },
    },
    data: { a: "1" },
  });
  expect((await get(`${maps}/a`)).body).toEqual(answer.body);
});

test("what the server gives, a client cannot: uid, version, generation, times of creation and deletion", async ({
  make,
  gadgets,
}) => {
  const given = {
    uid: "u",
    generation: 7,
    creationTimestamp: "2000-01-01T00:00:00Z",
    deletionTimestamp: "2000-01-01T00:00:00Z",
  };
  const { metadata } = await make(gadgets, gadget("a", { size: 1 }, given));
  expect(metadata.uid).not.toBe("u");
  expect(metadata).toMatchObject({ generation: 1, creationTimestamp: expect.stringMatching(/^20[^0]/) });
  expect(metadata.deletionTimestamp).toBe(undefined);
});

test("an object with a version cannot be made", async ({ post, maps }) => {
  const answer = await post(maps, map("a", {}, { resourceVersion: "1" }));
  expect([answer.code, answer.body.status]).toEqual([500, "Failure"]);
  expect(answer.body.message).toContain("resourceVersion should not be set on objects to be created");
});

test("kind and version may be left out of what is made of a built-in kind", async ({ make, maps }) => {
  expect(await make(maps, { metadata: { name: "a" } })).toMatchObject({ kind: "ConfigMap", apiVersion: "v1" });
});

test("kind and version may not be left out of a custom resource", async ({ post, gadgets }) => {
  expect((await post(gadgets, { metadata: { name: "a" }, spec: { size: 1 } })).code).toBe(400);
});

test("a namespace in the body that is not the path's is 400", async ({ post, maps }) => {
  const answer = await post(maps, map("a", {}, { namespace: "default" }));
  expect(answer.code).toBe(400);
  expect(answer.body.message).toContain(
    "the namespace of the provided object does not match the namespace sent on the request",
  );
});

test("an update whose body names another object than its path is 400", async ({ make, put, maps }) => {
  const made = await make(maps, map("a"));
  const answer = await put(`${maps}/a`, { ...made, metadata: { ...made.metadata, name: "b" } });
  expect(answer.code).toBe(400);
  expect(answer.body.message).toContain("the name of the object (b) does not match the name on the URL (a)");
});

test("a name that is taken is 409 AlreadyExists with details (surprise 18)", async ({ make, post, gadgets, maps }) => {
  await make(gadgets, gadget("a"));
  await make(maps, map("a"));
  expect((await post(gadgets, gadget("a"))).body).toEqual({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: 'gadgets.example.net "a" already exists',
    reason: "AlreadyExists",
    details: { name: "a", group: "example.net", kind: "gadgets" },
    code: 409,
  });
  const core = await post(maps, map("a"));
  expect(core.body).toMatchObject({
    message: 'configmaps "a" already exists',
    details: { name: "a", kind: "configmaps" },
  });
});

test("an update that lost a race is 409 Conflict with details (surprise 18)", async ({ make, patch, put, gadgets }) => {
  const made = await make(gadgets, gadget("a"));
  await patch("merge", `${gadgets}/a`, { spec: { size: 2 } });
  const answer = await put(`${gadgets}/a`, { ...made, spec: { size: 3 } });
  expect(answer.code).toBe(409);
  expect(answer.body).toMatchObject({
    reason: "Conflict",
    message:
      'Operation cannot be fulfilled on gadgets.example.net "a": the object has been modified; please apply your changes to the latest version and try again',
    details: { name: "a", group: "example.net", kind: "gadgets" },
  });
});

test("an update without a version is 422 for a custom resource, and unconditional for a ConfigMap (surprise 10)", async ({
  make,
  put,
  gadgets,
  maps,
}) => {
  await make(gadgets, gadget("a"));
  await make(maps, map("a"));
  const custom = await put(`${gadgets}/a`, gadget("a", { size: 2 }));
  expect(custom.code).toBe(422);
  expect(custom.body.message).toContain("metadata.resourceVersion: Invalid value: 0: must be specified for an update");
  const core = await put(`${maps}/a`, map("a", { a: "2" }));
  expect([core.code, core.body.data]).toEqual([200, { a: "2" }]);
});

test("a wrong uid is 409 by an update and 422 by a patch (surprise 10)", async ({ make, put, patch, maps }) => {
  const made = await make(maps, map("a"));
  const uid = "00000000-0000-4000-8000-000000000000";
  const updated = await put(`${maps}/a`, { ...made, metadata: { ...made.metadata, uid } });
  const patched = await patch("merge", `${maps}/a`, { metadata: { uid } });
  expect([updated.code, patched.code]).toEqual([409, 422]);
  expect(updated.body.message).toContain("Precondition failed: UID in precondition");
});

test("a patch with a version is refused unless it is the current one", async ({ make, patch, gadgets }) => {
  const made = await make(gadgets, gadget("a"));
  const current = await patch("merge", `${gadgets}/a`, {
    metadata: { resourceVersion: made.metadata.resourceVersion },
    spec: { size: 2 },
  });
  const stale = await patch("merge", `${gadgets}/a`, {
    metadata: { resourceVersion: made.metadata.resourceVersion },
    spec: { size: 3 },
  });
  expect([current.code, stale.code, stale.body.reason]).toEqual([200, 409, "Conflict"]);
});

test("an update of what is not there is 404", async ({ put, maps }) => {
  const answer = await put(`${maps}/none`, map("none"));
  expect(answer.code).toBe(404);
  expect(answer.body).toMatchObject({ reason: "NotFound", details: { name: "none", kind: "configmaps" } });
});

test("what an update leaves out is gone", async ({ make, put, gadgets }) => {
  const made = await make(gadgets, gadget("a", { size: 1, note: "x" }, { labels: { l: "1" } }));
  const { labels: _, ...metadata } = made.metadata;
  const updated = objectOf(await put(`${gadgets}/a`, { ...made, metadata, spec: { size: 1 } }));
  expect(updated.metadata.labels).toBe(undefined);
  expect(updated.spec).toEqual({ size: 1, color: "green" });
});

test("a write that changes nothing keeps version and generation, by update and each patch (surprise 7)", async ({
  make,
  put,
  patch,
  gadgets,
}) => {
  const made = await make(gadgets, gadget("a"));
  const answers = [
    await put(`${gadgets}/a`, made),
    await patch("merge", `${gadgets}/a`, { spec: { size: 1 } }),
    await patch("merge", `${gadgets}/a`, {}),
    await patch("json", `${gadgets}/a`, [{ op: "replace", path: "/spec/size", value: 1 }]),
  ];
  expect(answers.map(({ code }) => code)).toEqual([200, 200, 200, 200]);
  expect(answers.map((answer) => versionOf(objectOf(answer)))).toEqual(Array(4).fill(versionOf(made)));
});

test("generation rises with the spec and not with metadata or status (surprise 8)", async ({
  make,
  patch,
  gadgets,
}) => {
  await make(gadgets, gadget("a"));
  const generations = [
    await patch("merge", `${gadgets}/a`, { spec: { size: 2 } }),
    await patch("merge", `${gadgets}/a`, { metadata: { labels: { l: "1" } } }),
    await patch("merge", `${gadgets}/a/status`, { status: { ready: true } }),
    await patch("merge", `${gadgets}/a`, { spec: { note: "x" } }),
  ].map((answer) => objectOf(answer).metadata.generation);
  expect(generations).toEqual([2, 2, 2, 3]);
});

test("kinds without a spec have no generation (surprise 8)", async ({ make, patch, maps }) => {
  const made = await make(maps, map("a"));
  const changed = objectOf(await patch("merge", `${maps}/a`, { data: { a: "2" } }));
  expect([made.metadata.generation, changed.metadata.generation]).toEqual([undefined, undefined]);
});

test("an update creates nothing", async ({ put, get, here }) => {
  const secrets = `/api/v1${here}/secrets`;
  expect((await put(`${secrets}/a`, { metadata: { name: "a" } })).code).toBe(404);
  expect((await get(secrets)).body.items).toEqual([]);
});

test("an update creates a lease that is not there", async ({ put, here }) => {
  const leases = `/apis/coordination.k8s.io/v1${here}/leases`;
  const made = await put(`${leases}/a`, { metadata: { name: "a" }, spec: { holderIdentity: "me" } });
  expect(made.code).toBe(201);
  const { uid, resourceVersion } = made.body.metadata as { uid: string; resourceVersion: string };
  expect((await put(`${leases}/gone`, { metadata: { name: "gone", uid, resourceVersion } })).code).toBe(409);
  expect((await put(`${leases}/status`, { metadata: { name: "other" } })).code).toBe(400);
});

test("generateName makes a name of its own for each object", async ({ make, maps }) => {
  const made = await Promise.all(Array.from({ length: 5 }, () => make(maps, { metadata: { generateName: "many-" } })));
  const names = made.map(({ metadata }) => metadata.name);
  expect(new Set(names).size).toBe(5);
  for (const name of names) expect(name).toMatch(/^many-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(made[0]?.metadata.generateName).toBe("many-");
});

test("a name goes before generateName", async ({ make, maps }) => {
  expect((await make(maps, { metadata: { name: "own", generateName: "many-" } })).metadata.name).toBe("own");
});

test("a long generateName is cut, so that the name still fits", async ({ make, maps }) => {
  const { metadata } = await make(maps, { metadata: { generateName: "x".repeat(70) } });
  expect(metadata.name).toMatch(/^x{58}[a-z0-9]{5}$/);
});

test("an object without any name is 422", async ({ post, maps }) => {
  const answer = await post(maps, { metadata: {} });
  expect(answer.code).toBe(422);
  expect(answer.body.message).toContain("name or generateName is required");
});

test("a dry run answers as if, and leaves nothing", async ({ send, get, maps }) => {
  const answer = await send("POST", `${maps}?dryRun=All`, { body: map("dry") });
  expect(answer.code).toBe(201);
  expect(objectOf(answer).metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
  expect(objectOf(answer).metadata.resourceVersion).toBe(undefined);
  expect((await get(`${maps}/dry`)).code).toBe(404);
});

test("dry runs of an update, a patch and a deletion change nothing, and see what would be refused", async ({
  make,
  send,
  get,
  gadgets,
}) => {
  const made = await make(gadgets, gadget("a"));
  const merge = "application/merge-patch+json";
  const path = `${gadgets}/a?dryRun=All`;
  const updated = await send("PUT", path, { body: { ...made, spec: { size: 2 } } });
  const patched = await send("PATCH", path, { body: { spec: { size: 3 } }, contentType: merge });
  const refused = await send("PATCH", path, { body: { spec: { size: -3 } }, contentType: merge });
  const deleted = await send("DELETE", path);
  expect([updated, patched, refused, deleted].map(({ code }) => code)).toEqual([200, 200, 422, 200]);
  expect([updated.body.spec, patched.body.spec]).toMatchObject([{ size: 2 }, { size: 3 }]);
  expect(objectOf(await get(`${gadgets}/a`))).toEqual(made);
});

test("all versions of a custom kind show and change the same object", async ({ make, get, patch, gadgets, here }) => {
  const made = await make(gadgets, gadget("a"));
  const old = `/apis/example.net/v1beta1${here}/gadgets/a`;
  const read = objectOf(await get(old));
  expect(read).toMatchObject({ apiVersion: "example.net/v1beta1", metadata: { uid: made.metadata.uid } });
  await patch("merge", old, { spec: { size: 5 } });
  expect((await get(`${gadgets}/a`)).body).toMatchObject({ apiVersion: "example.net/v1", spec: { size: 5 } });
});

test("a deprecated version warns on each request, in its own words (surprise 12)", async ({
  get,
  make,
  here,
  gadgets,
}) => {
  await make(gadgets, gadget("a"));
  const answers = await Promise.all(["", "/a"].map((name) => get(`/apis/example.net/v1beta1${here}/gadgets${name}`)));
  expect(answers.map(({ headers }) => headers.warning)).toEqual(
    Array(2).fill('299 - "example.net/v1beta1 Gadget is old; use v1"'),
  );
  expect((await get(gadgets)).headers.warning).toBe(undefined);
});
