import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { type RawClient, rawClient } from "../../testing/raw-client.ts";
import { widgets } from "../../testing/widgets.ts";

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

const path = "/apis/example.com/v1/namespaces/default/widgets";
const widget = (name: string, spec: JsonObject = { size: 1 }, metadata: JsonObject = {}) => ({
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name, ...metadata },
  spec,
});
const create = (body: object, query = "") => client.send("POST", path + query, { body });
const patch = (name: string, body: object, type = "merge") =>
  client.send("PATCH", `${path}/${name}`, { body, contentType: `application/${type}-patch+json` });
const meta = (body: JsonObject) => body.metadata as Record<string, unknown>;

test("a created object gets uid, version, generation 1, its creation time and the schema's defaults, and no status", async () => {
  const answer = await create({ ...widget("fresh"), status: { ready: true } });
  expect(answer.code).toBe(201);
  expect(answer.body).toMatchObject({
    metadata: { name: "fresh", namespace: "default", generation: 1 },
    spec: { color: "green" },
  });
  expect(meta(answer.body).uid).toMatch(/^[0-9a-f-]{36}$/);
  expect(meta(answer.body).creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(answer.body.status).toBeUndefined();
  const read = await client.send("GET", `${path}/fresh`);
  expect(read.text).toBe(answer.text);
});

test("a name that is taken is 409 AlreadyExists with the details of what was asked for", async () => {
  await create(widget("taken"));
  const answer = await create(widget("taken"));
  expect(answer.code).toBe(409);
  expect(answer.body).toMatchObject({
    reason: "AlreadyExists",
    message: 'widgets.example.com "taken" already exists',
    details: { name: "taken", group: "example.com", kind: "widgets" },
  });
});

test("generateName makes a different name for each object", async () => {
  const names = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const { name: _, ...metadata } = { ...widget("x").metadata, generateName: "many-" };
      return String(meta((await create({ ...widget("x"), metadata })).body).name);
    }),
  );
  expect(new Set(names).size).toBe(5);
  expect(names.every((name) => /^many-[a-z0-9]{5}$/.test(name))).toBe(true);
});

test("an invalid object is 422 and names each field at fault", async () => {
  const answer = await create(widget("bad", { size: -1, color: 7 }));
  expect(answer.code).toBe(422);
  const { causes } = answer.body.details as { causes: { field: string }[] };
  expect(causes.map(({ field }) => field).sort()).toEqual(["spec.color", "spec.size"]);
});

test("an unknown field is refused by Strict, dropped with a warning by default, dropped silently by Ignore", async () => {
  const spec = { size: 1, sise: 2 };
  const strict = await create(widget("strict", spec), "?fieldValidation=Strict");
  const warned = await create(widget("warned", spec));
  const ignored = await create(widget("ignored", spec), "?fieldValidation=Ignore");
  expect([strict.code, warned.code, ignored.code]).toEqual([400, 201, 201]);
  expect(strict.body.message).toContain('unknown field "spec.sise"');
  expect(warned.headers.warning).toBe('299 - "unknown field \\"spec.sise\\""');
  expect(ignored.headers.warning).toBeUndefined();
  expect(warned.body.spec).toEqual({ size: 1, color: "green" });
});

test("a dry run answers like the real thing and leaves nothing behind", async () => {
  const answer = await create(widget("dry"), "?dryRun=All");
  expect(answer.code).toBe(201);
  expect(meta(answer.body).resourceVersion).toBeUndefined();
  expect((await client.send("GET", `${path}/dry`)).code).toBe(404);
});

test("an update that lost the race is 409 Conflict; without a version a custom resource is 422", async () => {
  const first = (await create(widget("race"))).body;
  await patch("race", { spec: { size: 2 } });
  const stale = await client.send("PUT", `${path}/race`, { body: { ...first, spec: { size: 3 } } });
  expect(stale.code).toBe(409);
  expect(stale.body).toMatchObject({ reason: "Conflict", details: { name: "race", kind: "widgets" } });
  const blind = await client.send("PUT", `${path}/race`, { body: widget("race", { size: 3 }) });
  expect(blind.code).toBe(422);
  expect(blind.body.message).toContain("metadata.resourceVersion");
});

test("a write that changes nothing keeps version and generation; a spec change raises both", async () => {
  const first = (await create(widget("steady"))).body;
  const same = (await patch("steady", { spec: { size: 1 } })).body;
  expect(same).toEqual(first);
  const changed = meta((await patch("steady", { spec: { size: 2 } })).body);
  expect(changed.generation).toBe(2);
  expect(Number(changed.resourceVersion)).toBeGreaterThan(Number(meta(first).resourceVersion));
  const labelled = meta((await patch("steady", { metadata: { labels: { a: "b" } } })).body);
  expect(labelled.generation).toBe(2);
});

test("integers beyond 2^53 are kept digit for digit, and one more is a change", async () => {
  const text = JSON.stringify(widget("long", { size: 0 })).replace('"size":0', '"size":9007199254740993');
  await client.send("POST", path, { body: text });
  const first = await client.send("GET", `${path}/long`);
  expect(first.text).toContain('"size":9007199254740993');
  const body = '{"spec":{"size":9007199254740992}}';
  const second = await client.send("PATCH", `${path}/long`, { body, contentType: "application/merge-patch+json" });
  expect(second.text).toContain('"size":9007199254740992');
  expect(meta(second.body).generation).toBe(2);
});

test("the main endpoint drops status, and /status drops everything else", async () => {
  await create(widget("split"));
  await patch("split", { status: { ready: true } });
  expect((await client.send("GET", `${path}/split`)).body.status).toBeUndefined();
  const body = { metadata: { labels: { a: "b" } }, spec: { size: 9 }, status: { ready: true } };
  await client.send("PATCH", `${path}/split/status`, { body, contentType: "application/merge-patch+json" });
  const after = (await client.send("GET", `${path}/split`)).body;
  expect(after).toMatchObject({ spec: { size: 1 }, status: { ready: true }, metadata: { generation: 1 } });
  expect(meta(after).labels).toBeUndefined();
});

test("a JSON patch whose test fails is 422 and changes nothing", async () => {
  await create(widget("tested"));
  const operations = [
    { op: "test", path: "/spec/size", value: 5 },
    { op: "replace", path: "/spec/size", value: 6 },
  ];
  expect((await patch("tested", operations, "json")).code).toBe(422);
  expect((await client.send("GET", `${path}/tested`)).body.spec).toMatchObject({ size: 1 });
});

test("a patch that names another version or uid than the object's is refused", async () => {
  await create(widget("named"));
  expect((await patch("named", { metadata: { resourceVersion: "1" } })).code).toBe(409);
  expect((await patch("named", { metadata: { uid: "other" } })).code).toBe(422);
});

test("custom resources take no strategic merge patch: 415 with what they take", async () => {
  await create(widget("strategic"));
  const answer = await patch("strategic", { spec: { size: 2 } }, "strategic-merge");
  expect(answer.code).toBe(415);
  expect(answer.body.message).toContain("application/merge-patch+json");
});

test("an object of a namespace that is not there is refused", async () => {
  const answer = await client.send("POST", path.replace("default", "nowhere"), { body: widget("lost") });
  expect(answer.code).toBe(404);
  expect(answer.body.message).toBe('namespaces "nowhere" not found');
});

test("a finalizer holds a deleted object until it is taken off", async () => {
  await create(widget("held", { size: 1 }, { finalizers: ["example.com/hold"] }));
  const deleted = await client.send("DELETE", `${path}/held`);
  expect(deleted.code).toBe(200);
  expect(deleted.body).toMatchObject({ kind: "Widget", metadata: { generation: 2, deletionGracePeriodSeconds: 0 } });
  const added = await patch("held", { metadata: { finalizers: ["example.com/hold", "example.com/new"] } });
  expect(added.code).toBe(422);
  expect((await patch("held", { metadata: { finalizers: null } })).code).toBe(200);
  expect((await client.send("GET", `${path}/held`)).code).toBe(404);
});

test("a deletion with a precondition that does not hold is 409, and one that holds answers with the uid", async () => {
  const uid = meta((await create(widget("guarded"))).body).uid;
  const wrong = await client.send("DELETE", `${path}/guarded`, { body: { preconditions: { uid: "other" } } });
  expect(wrong.code).toBe(409);
  const right = await client.send("DELETE", `${path}/guarded`, { body: { preconditions: { uid } } });
  expect(right.body).toMatchObject({ status: "Success", details: { name: "guarded", uid } });
});

test("a deletion of a collection takes what its selector means and nothing else", async () => {
  await create(widget("sweep-1", { size: 1 }, { labels: { sweep: "yes" } }));
  await create(widget("sweep-2", { size: 1 }, { labels: { sweep: "no" } }));
  const answer = await client.send("DELETE", `${path}?labelSelector=sweep%3Dyes`);
  expect(answer.body.items).toMatchObject([{ metadata: { name: "sweep-1" } }]);
  expect((await client.send("GET", `${path}/sweep-1`)).code).toBe(404);
  expect((await client.send("GET", `${path}/sweep-2`)).code).toBe(200);
});

test("a config map can be replaced without a version, a custom resource's status path exists only with its subresource", async () => {
  const maps = "/api/v1/namespaces/default/configmaps";
  await client.send("POST", maps, { body: { metadata: { name: "free" }, data: { a: "1" } } });
  const answer = await client.send("PUT", `${maps}/free`, { body: { metadata: { name: "free" }, data: { a: "2" } } });
  expect(answer.code).toBe(200);
  expect(meta(answer.body).generation).toBeUndefined();
  expect((await client.send("GET", `${maps}/free/status`)).code).toBe(404);
});

test("a claim that names no class gets the default storage class", async () => {
  const classes = "/apis/storage.k8s.io/v1/storageclasses";
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  await client.send("POST", classes, {
    body: { metadata: { name: "usual", annotations }, provisioner: "example.com" },
  });
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  const claims = "/api/v1/namespaces/default/persistentvolumeclaims";
  const answer = await client.send("POST", claims, { body: { metadata: { name: "c" }, spec } });
  expect(answer.body).toMatchObject({ spec: { storageClassName: "usual" }, status: { phase: "Pending" } });
});

test("core events and events.k8s.io events are the same objects in two shapes", async () => {
  const regarding = { kind: "Widget", name: "w", namespace: "default" };
  const events = "/namespaces/default/events";
  const created = await client.send("POST", `/api/v1${events}`, {
    body: { metadata: { name: "told.1" }, involvedObject: regarding, reason: "Told", message: "it was told", count: 3 },
  });
  expect(created.code).toBe(201);
  const shown = await client.send("GET", `/apis/events.k8s.io/v1${events}/told.1`);
  expect(shown.body).toMatchObject({
    apiVersion: "events.k8s.io/v1",
    regarding,
    note: "it was told",
    deprecatedCount: 3,
    metadata: { resourceVersion: meta(created.body).resourceVersion },
  });
  const listed = await client.send("GET", `/apis/events.k8s.io/v1${events}?fieldSelector=reason%3DTold`);
  expect(listed.body.items).toMatchObject([{ regarding }]);
});

test("a strategic merge patch of a built-in kind merges lists by their key", async () => {
  const claims = "/api/v1/namespaces/default/persistentvolumeclaims";
  const condition = (type: string, status: string) => ({ type, status });
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  await client.send("POST", claims, { body: { metadata: { name: "merged" }, spec } });
  const send = (conditions: readonly object[]) =>
    client.send("PATCH", `${claims}/merged/status`, {
      body: { status: { conditions } },
      contentType: "application/strategic-merge-patch+json",
    });
  await send([condition("Resizing", "True"), condition("ModifyingVolume", "True")]);
  const answer = await send([condition("Resizing", "False")]);
  expect(answer.body.status).toMatchObject({
    conditions: [condition("Resizing", "False"), condition("ModifyingVolume", "True")],
  });
});

test("a body of another kind, version, name or namespace than its path says is refused", async () => {
  const bodies = [
    { ...widget("odd"), kind: "Gadget" },
    { ...widget("odd"), apiVersion: "example.com/v2" },
    widget("odd", { size: 1 }, { namespace: "kube-system" }),
    { metadata: { name: "odd" }, spec: { size: 1 } },
  ];
  const answers = await Promise.all(bodies.map((body) => create(body)));
  expect(answers.map(({ code }) => code)).toEqual([400, 400, 400, 400]);
  await create(widget("even"));
  expect((await client.send("PUT", `${path}/even`, { body: widget("odd") })).code).toBe(400);
});
