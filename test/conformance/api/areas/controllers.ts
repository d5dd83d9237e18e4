import { expect, vi } from "vitest";
import { type Api, type Made, objectOf, waitLimitMs } from "../api.ts";
import { area } from "../area.ts";
import { map } from "../objects.ts";

/** What kube-controller-manager does beside kube-apiserver, and the embedded server by itself. */
export const controllers = area("owners and namespaces");
const { test } = controllers;

const ownedBy = ({ kind, apiVersion, metadata: { name, uid } }: Made, more: object = {}) => ({
  ownerReferences: [{ apiVersion, kind, name, uid, ...more }],
});

const becomes = (api: Api, path: string, code: number) =>
  vi.waitFor(async () => expect((await api.get(path)).code).toBe(code), { timeout: waitLimitMs * 2, interval: 50 });

test("what an object owns goes after it, and what that owns, too", async (api) => {
  const owner = await api.make(api.maps, map("owner"));
  const child = await api.make(api.maps, map("child", {}, ownedBy(owner)));
  await api.make(api.maps, map("grandchild", {}, ownedBy(child)));
  expect((await api.delete(`${api.maps}/owner`)).body).toMatchObject({ status: "Success" });
  await becomes(api, `${api.maps}/child`, 404);
  await becomes(api, `${api.maps}/grandchild`, 404);
});

test("what has another owner that is still there stays, and loses the reference", async (api) => {
  const one = await api.make(api.maps, map("one"));
  const two = await api.make(api.maps, map("two"));
  const ownerReferences = [...ownedBy(one).ownerReferences, ...ownedBy(two).ownerReferences];
  await api.make(api.maps, map("child", {}, { ownerReferences }));
  await api.delete(`${api.maps}/one`);
  const child = async () => objectOf(await api.get(`${api.maps}/child`)).metadata.ownerReferences;
  await vi.waitFor(async () => expect(await child()).toEqual(ownedBy(two).ownerReferences), {
    timeout: waitLimitMs,
    interval: 50,
  });
});

test("an owner that is deleted in the foreground waits for those that block it", async (api) => {
  const owner = await api.make(api.maps, map("owner"));
  const blocking = { ...ownedBy(owner, { blockOwnerDeletion: true }), finalizers: ["example.net/hold"] };
  await api.make(api.maps, map("child", {}, blocking));
  const answer = await api.delete(`${api.maps}/owner`, { propagationPolicy: "Foreground" });
  expect(objectOf(answer).metadata.finalizers).toEqual(["foregroundDeletion"]);
  await vi.waitFor(
    async () => expect(objectOf(await api.get(`${api.maps}/child`)).metadata.deletionTimestamp).toBeTypeOf("string"),
    { timeout: waitLimitMs, interval: 50 },
  );
  expect((await api.get(`${api.maps}/owner`)).code).toBe(200);
  await api.patch("merge", `${api.maps}/child`, { metadata: { finalizers: null } });
  await becomes(api, `${api.maps}/owner`, 404);
});

test("an owner that is deleted with orphans leaves them, without the reference", async (api) => {
  const owner = await api.make(api.maps, map("owner"));
  await api.make(api.maps, map("child", {}, ownedBy(owner)));
  await api.delete(`${api.maps}/owner`, { propagationPolicy: "Orphan" });
  await becomes(api, `${api.maps}/owner`, 404);
  expect(objectOf(await api.get(`${api.maps}/child`)).metadata.ownerReferences).toBe(undefined);
});

test("what names an owner that is not there, or another uid, goes", async (api) => {
  const owner = await api.make(api.maps, map("owner"));
  const uid = "00000000-0000-4000-8000-000000000000";
  await api.make(api.maps, map("child", {}, ownedBy({ ...owner, metadata: { ...owner.metadata, uid } })));
  await becomes(api, `${api.maps}/child`, 404);
  expect((await api.get(`${api.maps}/owner`)).code).toBe(200);
});

test("a namespace that is deleted is emptied, and goes once all finalizers in it have", async (api) => {
  await api.make(api.maps, map("plain"));
  await api.make(api.maps, map("held", {}, { finalizers: ["example.net/hold"] }));
  await api.send("DELETE", `/api/v1/namespaces/${api.namespace}`);
  await becomes(api, `${api.maps}/plain`, 404);
  const { body } = await api.get(`/api/v1/namespaces/${api.namespace}`);
  expect(body).toMatchObject({ status: { phase: "Terminating" }, spec: { finalizers: ["kubernetes"] } });
  await api.patch("merge", `${api.maps}/held`, { metadata: { finalizers: null } });
  await becomes(api, `/api/v1/namespaces/${api.namespace}`, 404);
});

test("a namespace has a service account named default", async (api) => {
  await becomes(api, `/api/v1${api.here}/serviceaccounts/default`, 200);
});
