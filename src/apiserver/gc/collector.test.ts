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

const maps = "/api/v1/namespaces/default/configmaps";

interface Owner {
  readonly name: string;
  readonly uid: string;
}

async function create(name: string, metadata: JsonObject = {}): Promise<Owner> {
  const { body } = await client.send("POST", maps, { body: { metadata: { name, ...metadata } } });
  return body.metadata as unknown as Owner;
}
const ownedBy = (...owners: readonly (Owner & { block?: boolean })[]) => ({
  ownerReferences: owners.map(({ name, uid, block }) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    name,
    uid,
    ...(block && { blockOwnerDeletion: true }),
  })),
});
const remove = (name: string, propagationPolicy?: string) =>
  client.send("DELETE", `${maps}/${name}`, { body: { ...(propagationPolicy && { propagationPolicy }) } });
const find = async (name: string) => {
  const { code, body } = await client.send("GET", `${maps}/${name}`);
  return code === 200 ? (body.metadata as JsonObject) : undefined;
};
async function gone(name: string): Promise<void> {
  const watch = await client.watch(`${maps}?watch=1&fieldSelector=metadata.name%3D${name}&resourceVersion=1`);
  await watch.next(({ type }) => type === "DELETED");
  watch.close();
}

test("what an object owned goes after it, down the line", async () => {
  const top = await create("bg-top");
  const middle = await create("bg-middle", ownedBy(top));
  await create("bg-bottom", ownedBy(middle));
  await remove("bg-top");
  await gone("bg-bottom");
  expect(await find("bg-middle")).toBeUndefined();
});

test("an object with two owners stays while one of them is there, and loses only the reference to the other", async () => {
  const first = await create("two-a");
  const second = await create("two-b");
  await create("two-child", ownedBy(first, second));
  await remove("two-a");
  await gone("two-a");
  await expect.poll(async () => (await find("two-child"))?.ownerReferences).toMatchObject([{ name: "two-b" }]);
  await remove("two-b");
  await gone("two-child");
});

test("Foreground keeps the owner until what blocks it is gone", async () => {
  const owner = await create("fg-owner");
  await create("fg-child", { ...ownedBy({ ...owner, block: true }), finalizers: ["example.com/hold"] });
  await remove("fg-owner", "Foreground");
  await expect.poll(async () => (await find("fg-child"))?.deletionTimestamp).toBeDefined();
  expect(await find("fg-owner")).toMatchObject({ finalizers: ["foregroundDeletion"] });
  await client.send("PATCH", `${maps}/fg-child`, {
    body: { metadata: { finalizers: null } },
    contentType: "application/merge-patch+json",
  });
  await gone("fg-owner");
});

test("Orphan takes the reference off the dependents, then lets the owner go", async () => {
  const owner = await create("or-owner");
  await create("or-child", ownedBy(owner));
  await remove("or-owner", "Orphan");
  await gone("or-owner");
  expect(await find("or-child")).toBeDefined();
  expect((await find("or-child"))?.ownerReferences).toBeUndefined();
});

test("an owner that never was does not keep an object, one of a kind not served here does", async () => {
  await create("ghost-child", ownedBy({ name: "ghost", uid: "00000000-0000-0000-0000-000000000000" }));
  await gone("ghost-child");
  const reference = { apiVersion: "apps.other/v1", kind: "Gadget", name: "g", uid: "1" };
  await create("foreign-child", { ownerReferences: [reference] });
  await create("later");
  expect(await find("foreign-child")).toBeDefined();
});

test("what a restart interrupted is done after it", async () => {
  const owner = await create("re-owner");
  await create("re-child", ownedBy(owner));
  await Promise.all([remove("re-owner"), api.restart()]).catch(() => undefined);
  await remove("re-owner");
  await expect.poll(() => find("re-child")).toBeUndefined();
});
