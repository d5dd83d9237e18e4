import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";
import { type ThrowAwayApi, throwAwayApi } from "../testing/cluster.ts";
import { type KubeClient, kubeClient } from "./client/kube-client.ts";
import { loadConfig } from "./client/kubeconfig.ts";
import { type Secret, secrets } from "./core/secret.ts";
import { addFinalizer, deleteObject, ensureObject, removeFinalizer } from "./writes.ts";

const { signal } = new AbortController();
const mine = "groupsnap.dev/mine";
const at = (name: string) => ({ namespace: "default", name });
const draft = (name: string) => ({ apiVersion: "v1", kind: "Secret", metadata: at(name) });
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
    const read = await client.create(
      secrets,
      { ...draft(name), metadata: { ...at(name), finalizers: [mine] } },
      { signal },
    );
    const finalizers = ["groupsnap.dev/other", mine];
    await client.patch(secrets, at(name), { type: "merge", patch: { metadata: { finalizers } } }, { signal });
    return read;
  };

  test("takes no finalizer off that has moved", async () => {
    const removal = removeFinalizer(secrets, await changedSince("moved"), mine, { client, signal });
    await expect(removal).rejects.toMatchObject({ code: "conflict" });
  });

  test("keeps the finalizers that others have put on", async () => {
    await addFinalizer(secrets, await changedSince("shared"), "groupsnap.dev/third", { client, signal });
    const { finalizers } = (await client.get(secrets, at("shared"), { signal })).metadata;
    expect(finalizers).toEqual(["groupsnap.dev/other", mine, "groupsnap.dev/third"]);
  });

  test("leaves one of the same name that was made later", async () => {
    const read = await client.create(secrets, draft("again"), { signal });
    await client.delete(secrets, at("again"), { signal });
    const later = await client.create(secrets, draft("again"), { signal });
    await expect(deleteObject(secrets, read, { client, signal })).rejects.toMatchObject({ code: "conflict" });
    expect((await client.get(secrets, at("again"), { signal })).metadata.uid).toBe(later.metadata.uid);
  });
});
