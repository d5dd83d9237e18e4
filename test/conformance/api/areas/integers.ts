import { expect } from "vitest";
import { objectOf } from "../api.ts";
import { area } from "../area.ts";
import { gadget } from "../objects.ts";

export const integers = area("64-bit integers and quantities");
const { test } = integers;

const sized = (digits: string) => JSON.stringify(gadget("a", { size: "SIZE" })).replace('"SIZE"', digits);

test("an integer over 2^53 is kept digit for digit", async ({ make, get, gadgets }) => {
  await make(gadgets, sized("9007199254740993"));
  expect((await get(`${gadgets}/a`)).text).toContain('"size":9007199254740993');
});

test("integers over 2^53 that differ by one are a change (surprise 7)", async ({ make, send, gadgets }) => {
  await make(gadgets, sized("9007199254740993"));
  const body = '{"spec":{"size":9007199254740992}}';
  const answer = await send("PATCH", `${gadgets}/a`, { body, contentType: "application/merge-patch+json" });
  expect(answer.text).toContain('"size":9007199254740992');
  expect(objectOf(answer).metadata.generation).toBe(2);
});

test("the largest integer of 64 bits is one, and the next is none", async ({ make, post, gadgets }) => {
  await make(gadgets, sized("9223372036854775807"));
  const answer = await post(gadgets, sized("9223372036854775808").replace('"name":"a"', '"name":"b"'));
  expect([answer.code, answer.body.reason]).toEqual([422, "Invalid"]);
});

test("an integer of 32 bits that is larger is 422", async ({ post, gadgets }) => {
  const answer = await post(gadgets, gadget("a", { size: 1, replicas: 2147483648 }));
  expect([answer.code, answer.body.reason]).toEqual([422, "Invalid"]);
});

test("a number with a fraction is no integer, and one whose fraction is zero is", async ({ post, gadgets }) => {
  const broken = await post(gadgets, sized("1.5"));
  const whole = await post(gadgets, sized("2.0"));
  expect([broken.code, whole.code]).toEqual([422, 201]);
  expect(whole.body.spec).toMatchObject({ size: 2 });
});

test("integers over 2^53 come through a list, a watch and YAML", async ({ make, get, watch, gadgets }) => {
  await make(gadgets, sized("9007199254740993"));
  expect((await get(gadgets)).text).toContain('"size":9007199254740993');
  expect((await get(`${gadgets}/a`, { accept: "application/yaml" })).text).toContain("size: 9007199254740993");
  const events = await watch(gadgets);
  const { object } = await events.next(({ type }) => type === "ADDED");
  expect((object.spec as { size?: unknown }).size).toBe(9007199254740993n);
});

test("quantities come back canonical (surprise 15)", async ({ make, here }) => {
  const claims = `/api/v1${here}/persistentvolumeclaims`;
  const request = async (name: string, storage: string | number) => {
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } }, storageClassName: "" };
    const made = await make(claims, { metadata: { name }, spec });
    return (made.spec as { resources: { requests: { storage: string } } }).resources.requests.storage;
  };
  const written = ["1.5Gi", "1024Mi", "1e9", 1000, "0.5Gi", "1500m", "1G"];
  const read = await Promise.all(written.map((storage, i) => request(`a-${i}`, storage)));
  expect(read).toEqual(["1536Mi", "1Gi", "1e9", "1k", "512Mi", "1500m", "1G"]);
});

test("a quantity that cannot be one is 400", async ({ post, here }) => {
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Zi" } } };
  const answer = await post(`/api/v1${here}/persistentvolumeclaims`, { metadata: { name: "a" }, spec });
  expect(answer.code).toBe(400);
  expect(answer.body.message).toContain("quantities must match the regular expression");
});

test("the same quantity in other words is no change (surprise 15)", async ({ make, patch, here }) => {
  const claims = `/api/v1${here}/persistentvolumeclaims`;
  const resources = (storage: string) => ({ requests: { storage } });
  const spec = { accessModes: ["ReadWriteOnce"], resources: resources("1Gi"), storageClassName: "" };
  await make(claims, { metadata: { name: "a" }, spec });
  const request = async (storage: string) =>
    objectOf(await patch("merge", `${claims}/a`, { spec: { resources: resources(storage) } }));
  const versions = [await request("1024Mi"), await request("1Gi"), await request("1048576Ki")];
  expect(new Set(versions.map(({ metadata }) => metadata.resourceVersion)).size).toBe(1);
});

test("defaults of a claim are filled in", async ({ make, here }) => {
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, storageClassName: "" };
  const made = await make(`/api/v1${here}/persistentvolumeclaims`, { metadata: { name: "a" }, spec });
  expect(made.spec).toMatchObject({ volumeMode: "Filesystem" });
  expect(made.status).toEqual({ phase: "Pending" });
});
