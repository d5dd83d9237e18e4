import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";
import { type ThrowAwayApi, throwAwayApi } from "../testing/cluster.ts";
import { type KubeClient, kubeClient } from "./client/kube-client.ts";
import { loadConfig } from "./client/kubeconfig.ts";
import { type Claim, claims } from "./core/claim.ts";
import { type Secret, secrets } from "./core/secret.ts";
import { addFinalizer, annotate, deleteObject, ensureObject, patchStatus, removeFinalizer } from "./writes.ts";

const { signal } = new AbortController();
const mine = "groupsnap.dev/mine";
const at = (name: string) => ({ namespace: "default", name });
const draft = (name: string) => ({ apiVersion: "v1", kind: "Secret", metadata: at(name) });
const held = (name: string) => ({ ...draft(name), metadata: { ...at(name), finalizers: [mine] } });
const writing = () => ({ client, signal });
let api: ThrowAwayApi;
let client: KubeClient;
beforeAll(async () => {
  api = await throwAwayApi();
  const config = await loadConfig({ kubeconfig: api.kubeconfigPath });
  client = kubeClient({ config, userAgent: "writes", clock: systemClock, random: systemRandom });
});
afterAll(async () => {
  client.close();
  await api.stop();
});

describe("an object whose name is computed", () => {
  test("is as good as created where the one that is there is ours", async () => {
    await client.create(secrets, draft("ours"), { signal });
    await ensureObject(secrets, { draft: draft("ours"), isOurs: () => true }, { client, signal });
    expect((await client.get(secrets, at("ours"), { signal })).metadata.name).toBe("ours");
  });

  test("is never adopted where its name is another owner's", async () => {
    await client.create(secrets, draft("taken"), { signal });
    const wanted = { draft: draft("taken"), isOurs: () => false };
    await expect(ensureObject(secrets, wanted, { client, signal })).rejects.toMatchObject({
      code: "exists",
      message: "cannot create Secret taken: the name is taken by another owner's object",
    });
  });
});

describe("a write to the object that was read", () => {
  const changedSince = async (name: string): Promise<Secret> => {
    const read = await client.create(secrets, held(name), { signal });
    const finalizers = ["groupsnap.dev/other", mine];
    await client.patch(secrets, at(name), { type: "merge", patch: { metadata: { finalizers } } }, { signal });
    return read;
  };

  test("takes no finalizer off, and puts none on, where others have changed them since", async () => {
    const read = await changedSince("moved");
    await expect(removeFinalizer(secrets, read, mine, writing())).rejects.toMatchObject({ code: "conflict" });
    const addition = addFinalizer(secrets, read, "groupsnap.dev/third", writing());
    await expect(addition).rejects.toMatchObject({ code: "conflict" });
    const { finalizers } = (await client.get(secrets, at("moved"), { signal })).metadata;
    expect(finalizers).toEqual(["groupsnap.dev/other", mine]);
  });

  test("takes its finalizer off where that lets the object go, and is content where it is gone already", async () => {
    const { uid } = await client.create(secrets, held("going"), { signal }).then(({ metadata }) => metadata);
    await client.delete(secrets, at("going"), { signal });
    const going = await client.get(secrets, at("going"), { signal });
    await removeFinalizer(secrets, going, mine, writing());
    await removeFinalizer(secrets, going, mine, writing());
    expect([going.metadata.uid, await client.find(secrets, at("going"), { signal })]).toEqual([uid, undefined]);
  });

  test("leaves one of the same name that was made later", async () => {
    const read = await client.create(secrets, draft("again"), { signal });
    await client.delete(secrets, at("again"), { signal });
    const later = await client.create(secrets, draft("again"), { signal });
    await expect(deleteObject(secrets, read, { client, signal })).rejects.toMatchObject({ code: "conflict" });
    expect((await client.get(secrets, at("again"), { signal })).metadata.uid).toBe(later.metadata.uid);
  });

  test("never marks one of the same name that was made later", async () => {
    const read = await client.create(secrets, draft("marked"), { signal });
    await client.delete(secrets, at("marked"), { signal });
    await client.create(secrets, draft("marked"), { signal });
    const mark = annotate(secrets, read, { [mine]: "yes" }, writing());
    await expect(mark).rejects.toMatchObject({ code: "conflict" });
    expect((await client.get(secrets, at("marked"), { signal })).metadata.annotations).toBeUndefined();
  });
});

describe("a patch of a status", () => {
  const name = "claimed";
  const claimDraft = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: at(name),
    spec: { accessModes: ["ReadWriteOnce" as const], resources: { requests: { storage: "1Gi" } } },
  };
  const read = () => client.get(claims, at(name), { signal });
  const show = (claim: Claim, status: object) => patchStatus(claims, claim, status, writing());

  test("replaces the fields it names, takes off those given as null, and leaves the others", async () => {
    await client.create(claims, claimDraft, { signal });
    const capacity = { storage: "1Gi" };
    await show(await read(), { phase: "Bound", capacity, accessModes: ["ReadWriteOnce"] });
    await show(await read(), { phase: "Lost", accessModes: null, conditions: null });
    expect((await read()).status).toEqual({ phase: "Lost", capacity });
  });

  test("goes in whatever else was changed meanwhile", async () => {
    const before = await read();
    await annotate(claims, before, { [mine]: "yes" }, writing());
    await show(before, { phase: "Bound" });
    expect((await read()).status).toMatchObject({ phase: "Bound", capacity: { storage: "1Gi" } });
  });

  test.each([
    ["with a status", (claim: Claim) => claim],
    ["without a status", ({ status: _none, ...claim }: Claim) => claim],
  ])("that was decided for an object %s never reaches one of the same name that was made later", async (_, known) => {
    const before = await read();
    await client.delete(claims, at(name), { signal });
    await client.create(claims, claimDraft, { signal });
    await expect(show(known(before), { phase: "Lost" })).rejects.toMatchObject({
      code: "conflict",
      message: "PersistentVolumeClaim claimed is not the object that was read any more",
    });
    expect((await read()).status?.phase).not.toBe("Lost");
  });
});
