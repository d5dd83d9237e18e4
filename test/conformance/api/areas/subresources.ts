import { expect } from "vitest";
import { objectOf } from "../api.ts";
import { area } from "../area.ts";
import { gadget } from "../objects.ts";

export const subresources = area("status and scale");
const { test } = subresources;

test("the main path drops a status, on create, update and patch (surprise 9)", async ({
  make,
  put,
  patch,
  gadgets,
}) => {
  const status = { ready: true };
  const made = await make(gadgets, { ...gadget("a"), status });
  const updated = await put(`${gadgets}/a`, { ...made, status });
  const patched = await patch("merge", `${gadgets}/a`, { status });
  expect([made.status, updated.body.status, patched.body.status]).toEqual([undefined, undefined, undefined]);
});

test("the status path drops all else: spec, labels, annotations, finalizers (surprise 9)", async ({
  make,
  patch,
  gadgets,
}) => {
  const made = await make(gadgets, gadget("a"));
  const metadata = { labels: { a: "b" }, annotations: { a: "b" }, finalizers: ["example.net/f"] };
  const answer = await patch("merge", `${gadgets}/a/status`, { metadata, spec: { size: 9 }, status: { ready: true } });
  expect(answer.code).toBe(200);
  const changed = objectOf(answer);
  expect(changed).toMatchObject({ spec: { size: 1 }, status: { ready: true } });
  expect(changed.metadata.generation).toBe(made.metadata.generation);
  expect(Object.keys(changed.metadata)).not.toEqual(expect.arrayContaining(["labels"]));
  expect([changed.metadata.labels, changed.metadata.annotations, changed.metadata.finalizers]).toEqual(
    Array(3).fill(undefined),
  );
});

test("the status path reads the whole object, and an update of it needs the version, too", async ({
  make,
  get,
  put,
  gadgets,
}) => {
  const made = await make(gadgets, gadget("a"));
  expect((await get(`${gadgets}/a/status`)).body).toEqual((await get(`${gadgets}/a`)).body);
  const updated = await put(`${gadgets}/a/status`, { ...made, status: { note: "x" } });
  expect([updated.code, updated.body.status]).toEqual([200, { note: "x" }]);
  expect((await put(`${gadgets}/a/status`, { ...made, status: {} })).code).toBe(409);
});

test("a status is validated and pruned like the rest", async ({ make, patch, gadgets }) => {
  await make(gadgets, gadget("a"));
  const wrong = await patch("merge", `${gadgets}/a/status`, { status: { ready: "yes" } });
  expect([wrong.code, wrong.body.reason]).toEqual([422, "Invalid"]);
  const pruned = await patch("merge", `${gadgets}/a/status`, { status: { ready: true, other: 1 } });
  expect(pruned.body.status).toEqual({ ready: true });
});

test("a status that stays as it is keeps the version", async ({ make, patch, gadgets }) => {
  await make(gadgets, gadget("a"));
  const first = objectOf(await patch("merge", `${gadgets}/a/status`, { status: { ready: true } }));
  const second = objectOf(await patch("merge", `${gadgets}/a/status`, { status: { ready: true } }));
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
});

test("a built-in kind's status is apart, too: a claim's phase", async ({ make, patch, here }) => {
  const claims = `/api/v1${here}/persistentvolumeclaims`;
  const resources = { requests: { storage: "1Gi" } };
  const spec = { accessModes: ["ReadWriteOnce"], resources, storageClassName: "" };
  const made = await make(claims, { metadata: { name: "a" }, spec, status: { phase: "Bound" } });
  expect(made.status).toEqual({ phase: "Pending" });
  const bound = await patch("merge", `${claims}/a/status`, {
    status: { phase: "Bound", capacity: { storage: "1Gi" } },
  });
  expect(bound.body.status).toMatchObject({ phase: "Bound", capacity: { storage: "1Gi" } });
});

test("a subresource that there is not is 404", async ({ make, get, maps, gadgets }) => {
  await make(maps, { metadata: { name: "a" } });
  await make(gadgets, gadget("a"));
  const answers = [await get(`${maps}/a/status`), await get(`${gadgets}/a/nothing`)];
  expect(answers.map(({ code }) => code)).toEqual([404, 404]);
});

test("a status cannot be made or deleted", async ({ send, make, gadgets }) => {
  await make(gadgets, gadget("a"));
  const answers = [
    await send("POST", `${gadgets}/a/status`, { body: gadget("a") }),
    await send("DELETE", `${gadgets}/a/status`),
  ];
  expect(answers.map(({ code }) => code)).toEqual([405, 405]);
});

test("a custom kind's scale tells replicas and selector from where its definition says", async ({
  make,
  get,
  patch,
  namespace,
  gadgets,
}) => {
  const made = await make(gadgets, gadget("a", { size: 1, replicas: 2 }));
  await patch("merge", `${gadgets}/a/status`, { status: { replicas: 1, selector: "app=a" } });
  const { body } = await get(`${gadgets}/a/scale`);
  expect(body).toEqual({
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: {
      name: "a",
      namespace,
      uid: made.metadata.uid,
      resourceVersion: expect.stringMatching(/^\d+$/),
      creationTimestamp: made.metadata.creationTimestamp,
    },
    spec: { replicas: 2 },
    status: { replicas: 1, selector: "app=a" },
  });
});

test("scaling a custom resource changes its replicas and raises its generation", async ({
  make,
  get,
  put,
  patch,
  gadgets,
}) => {
  await make(gadgets, gadget("a", { size: 1, replicas: 2 }));
  const scale = (await get(`${gadgets}/a/scale`)).body;
  const updated = await put(`${gadgets}/a/scale`, { ...scale, spec: { replicas: 5 } });
  expect([updated.code, updated.body.spec]).toEqual([200, { replicas: 5 }]);
  const patched = await patch("merge", `${gadgets}/a/scale`, { spec: { replicas: 7 } });
  expect(patched.body.spec).toEqual({ replicas: 7 });
  expect((await get(`${gadgets}/a`)).body).toMatchObject({
    metadata: { generation: 3 },
    spec: { replicas: 7, size: 1 },
  });
});

test("a negative number of replicas is refused", async ({ make, patch, gadgets }) => {
  await make(gadgets, gadget("a", { size: 1, replicas: 2 }));
  const answer = await patch("merge", `${gadgets}/a/scale`, { spec: { replicas: -1 } });
  expect([answer.code, answer.body.reason]).toEqual([422, "Invalid"]);
});

test("a deployment is scaled", async ({ make, get, patch, here }) => {
  const deployments = `/apis/apps/v1${here}/deployments`;
  const labels = { app: "a" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
  await make(deployments, { metadata: { name: "a" }, spec: { selector: { matchLabels: labels }, template } });
  const read = await get(`${deployments}/a/scale`);
  expect(read.body).toMatchObject({ kind: "Scale", spec: { replicas: 1 }, status: { replicas: 0, selector: "app=a" } });
  const answer = await patch("merge", `${deployments}/a/scale`, { spec: { replicas: 3 } });
  expect(answer.body.spec).toEqual({ replicas: 3 });
  expect((await get(`${deployments}/a`)).body.spec).toMatchObject({ replicas: 3 });
});
