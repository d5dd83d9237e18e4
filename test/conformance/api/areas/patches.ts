import { expect } from "vitest";
import { objectOf } from "../api.ts";
import { area } from "../area.ts";
import { gadget, map } from "../objects.ts";

export const patches = area("JSON, merge and strategic patches");
const { test } = patches;

test("a JSON patch does its operations in order", async ({ make, patch, gadgets }) => {
  await make(gadgets, gadget("a", { size: 1, tags: ["x", "z"], plain: { a: "1" } }));
  const { code, body } = await patch("json", `${gadgets}/a`, [
    { op: "test", path: "/spec/size", value: 1 },
    { op: "replace", path: "/spec/size", value: 2 },
    { op: "add", path: "/spec/tags/1", value: "y" },
    { op: "add", path: "/spec/tags/-", value: "last" },
    { op: "copy", from: "/spec/plain/a", path: "/spec/plain/b" },
    { op: "move", from: "/spec/plain/a", path: "/spec/plain/c~1d" },
    { op: "remove", path: "/spec/tags/0" },
  ]);
  expect(code).toBe(200);
  expect(body.spec).toMatchObject({ size: 2, tags: ["y", "z", "last"], plain: { b: "1", "c/d": "1" } });
});

test("a JSON patch whose test fails is 422 Invalid and changes nothing", async ({ make, patch, get, gadgets }) => {
  const made = await make(gadgets, gadget("a"));
  const answer = await patch("json", `${gadgets}/a`, [
    { op: "replace", path: "/spec/size", value: 9 },
    { op: "test", path: "/spec/size", value: 1 },
  ]);
  expect(`${answer.code} ${answer.body.reason}`).toBe("422 Invalid");
  expect(objectOf(await get(`${gadgets}/a`))).toEqual(made);
});

test("a JSON patch of what is not there is 422", async ({ make, patch, gadgets }) => {
  await make(gadgets, gadget("a"));
  const answers = [
    await patch("json", `${gadgets}/a`, [{ op: "remove", path: "/spec/note" }]),
    await patch("json", `${gadgets}/a`, [{ op: "add", path: "/spec/none/deep", value: 1 }]),
    await patch("json", `${gadgets}/a`, [{ op: "add", path: "/spec/tags/7", value: "x" }]),
  ];
  expect(answers.map(({ code }) => code)).toEqual([422, 422, 422]);
});

test("a JSON patch that is no list of operations is 400", async ({ make, patch, gadgets }) => {
  await make(gadgets, gadget("a"));
  const answers = [await patch("json", `${gadgets}/a`, {}), await patch("json", `${gadgets}/a`, "[")];
  expect(answers.map(({ code }) => code)).toEqual([400, 400]);
});

test("a merge patch merges objects, replaces lists and removes what is null", async ({ make, patch, gadgets }) => {
  await make(gadgets, gadget("a", { size: 1, note: "x", tags: ["a", "b"], plain: { a: "1", b: "2" } }));
  const spec = { note: null, tags: ["c"], plain: { b: null, c: "3" } };
  const { code, body } = await patch("merge", `${gadgets}/a`, { spec });
  expect(code).toBe(200);
  expect(body.spec).toEqual({ size: 1, color: "green", tags: ["c"], plain: { a: "1", c: "3" } });
});

test("a merge patch that is no object is 400", async ({ make, patch, maps, gadgets }) => {
  await make(maps, map("a"));
  await make(gadgets, gadget("a"));
  const answers = [await patch("merge", `${maps}/a`, "[]"), await patch("merge", `${gadgets}/a`, '"text"')];
  expect(answers.map(({ code }) => code)).toEqual([400, 400]);
});

test("a patch of an object that is not there is 404", async ({ patch, maps }) => {
  const answers = [
    await patch("merge", `${maps}/none`, { data: {} }),
    await patch("strategic", `${maps}/none`, { data: {} }),
    await patch("json", `${maps}/none`, []),
  ];
  expect(answers.map(({ code, body }) => `${code} ${body.reason}`)).toEqual(Array(3).fill("404 NotFound"));
});

const container = (name: string, image: string) => ({ name, image });
const pod = (containers: readonly object[]) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "a" },
  spec: { containers },
});

test("a strategic patch merges a list by its key", async ({ make, patch, here }) => {
  const pods = `/api/v1${here}/pods`;
  await make(pods, pod([container("one", "i:1"), container("two", "i:1")]));
  const spec = { containers: [container("two", "i:2")] };
  const { code, body } = await patch("strategic", `${pods}/a`, { spec });
  expect(code).toBe(200);
  expect((body.spec as { containers?: unknown }).containers).toMatchObject([
    { name: "one", image: "i:1" },
    { name: "two", image: "i:2" },
  ]);
});

test("a strategic patch removes an element of a list by its key, and replaces a map where it says so", async ({
  make,
  patch,
  here,
  maps,
}) => {
  const accounts = `/api/v1${here}/serviceaccounts`;
  await make(accounts, { metadata: { name: "a" }, secrets: [{ name: "x" }, { name: "y" }] });
  const removed = await patch("strategic", `${accounts}/a`, { secrets: [{ $patch: "delete", name: "x" }] });
  expect(removed.body.secrets).toEqual([{ name: "y" }]);
  await make(maps, map("a", { a: "1", b: "2" }));
  const replaced = await patch("strategic", `${maps}/a`, { data: { $patch: "replace", c: "3" } });
  expect(replaced.body.data).toEqual({ c: "3" });
});

test("a strategic patch adds to and deletes from a list of plain values", async ({ make, patch, maps }) => {
  await make(maps, map("a", {}, { finalizers: ["example.net/a", "example.net/b"] }));
  const added = await patch("strategic", `${maps}/a`, { metadata: { finalizers: ["example.net/c"] } });
  expect(objectOf(added).metadata.finalizers).toEqual(
    expect.arrayContaining(["example.net/a", "example.net/b", "example.net/c"]),
  );
  const metadata = { "$deleteFromPrimitiveList/finalizers": ["example.net/a", "example.net/c"] };
  const deleted = await patch("strategic", `${maps}/a`, { metadata });
  expect(objectOf(deleted).metadata.finalizers).toEqual(["example.net/b"]);
});

test("a strategic patch can say in what order a list is to be", async ({ make, patch, here }) => {
  const deployments = `/apis/apps/v1${here}/deployments`;
  const labels = { app: "a" };
  const template = { metadata: { labels }, spec: { containers: [container("one", "i:1"), container("two", "i:1")] } };
  await make(deployments, { metadata: { name: "a" }, spec: { selector: { matchLabels: labels }, template } });
  const { code, body } = await patch("strategic", `${deployments}/a`, {
    spec: {
      template: {
        spec: {
          "$setElementOrder/containers": [{ name: "two" }, { name: "one" }],
          containers: [{ name: "two", image: "i:2" }],
        },
      },
    },
  });
  expect(code).toBe(200);
  expect(body).toMatchObject({
    spec: { template: { spec: { containers: [container("two", "i:2"), container("one", "i:1")] } } },
  });
});

test("custom kinds take no strategic patch: 415, and what they take", async ({ make, patch, gadgets }) => {
  await make(gadgets, gadget("a"));
  const answer = await patch("strategic", `${gadgets}/a`, { spec: { size: 2 } });
  expect(answer.code).toBe(415);
  expect(answer.body).toMatchObject({
    reason: "UnsupportedMediaType",
    message: expect.stringContaining("application/json-patch+json, application/merge-patch+json"),
  });
});

test("a patch cannot rename an object, nor move it to another namespace", async ({ make, patch, gadgets, maps }) => {
  await make(gadgets, gadget("a"));
  await make(maps, map("a"));
  const answers = [
    await patch("merge", `${gadgets}/a`, { metadata: { name: "b" } }),
    await patch("merge", `${maps}/a`, { metadata: { namespace: "default" } }),
  ];
  expect(answers.map(({ code, body }) => `${code} ${body.reason}`)).toEqual(["400 BadRequest", "400 BadRequest"]);
});

test("a patch cannot change an object's kind or version", async ({ make, patch, gadgets, maps }) => {
  await make(gadgets, gadget("a"));
  await make(maps, map("a"));
  const answers = [
    await patch("merge", `${gadgets}/a`, { kind: "Other" }),
    await patch("merge", `${maps}/a`, { kind: "Secret" }),
  ];
  expect(answers.map(({ code }) => code)).toEqual([422, 422]);
});

test("what identifies an object stays, whatever a patch says", async ({ make, patch, maps }) => {
  const made = await make(maps, map("a"));
  const { code, body } = await patch("merge", `${maps}/a`, {
    metadata: { creationTimestamp: "2000-01-01T00:00:00Z", generateName: "x", selfLink: "/x" },
  });
  expect(code).toBe(200);
  expect((body as unknown as typeof made).metadata).toMatchObject({
    uid: made.metadata.uid,
    creationTimestamp: made.metadata.creationTimestamp,
  });
});
