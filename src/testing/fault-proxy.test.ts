import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { KubeClient } from "../kube/client/kube-client.ts";
import { namespaces } from "../kube/core/namespace.ts";
import { connect } from "../processes/connect.ts";
import { type ThrowAwayApi, throwAwayApi } from "./cluster.ts";
import { type FaultProxy, faultProxy, isChange, refusal } from "./fault-proxy.ts";

let api: ThrowAwayApi;
let proxy: FaultProxy;
let client: KubeClient;
beforeAll(async () => {
  api = await throwAwayApi();
  proxy = await faultProxy(api, join(api.dataDir, "proxied"));
  client = await connect({ kubeconfig: proxy.kubeconfigPath, userAgent: "test" });
});
afterEach(() => {
  proxy.fault = undefined;
});
afterAll(async () => {
  client.close();
  await proxy.close();
  await api.stop();
});

const call = () => ({ signal: AbortSignal.timeout(10_000) });
const create = (name: string) =>
  client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } }, call());

test("a fault proxy passes requests and answers on, and keeps what was asked and answered", async () => {
  await create("passed");
  await expect(create("passed")).rejects.toMatchObject({ code: "exists" });
  const { items } = await client.list(namespaces, call());
  expect(items.map(({ metadata }) => metadata.name)).toContain("passed");
  expect(proxy.seen.filter(isChange).map(({ method, path, code }) => [method, path, code])).toEqual([
    ["POST", "/api/v1/namespaces", 201],
    ["POST", "/api/v1/namespaces", 409],
  ]);
});

test("a fault proxy refuses, or breaks the connection before or after the server has done what was asked", async () => {
  proxy.fault = async () => refusal(409, "Conflict");
  await expect(create("refused")).rejects.toMatchObject({ code: "conflict" });
  proxy.fault = async () => "cut";
  await expect(create("cut")).rejects.toMatchObject({ code: "unavailable" });
  proxy.fault = async (_request, pass) => {
    await pass();
    return "cut";
  };
  await expect(create("unanswered")).rejects.toMatchObject({ code: "unavailable" });
  proxy.fault = undefined;
  const found = await Promise.all(
    ["refused", "cut", "unanswered"].map((name) => client.find(namespaces, { name }, call())),
  );
  expect(found.map((namespace) => namespace?.metadata.name)).toEqual([undefined, undefined, "unanswered"]);
});

test("a fault proxy lets watches stream until it cuts them", async () => {
  const { resourceVersion } = await client.list(namespaces, call());
  const watch = client.watch(namespaces, { resourceVersion, ...call() })[Symbol.asyncIterator]();
  const first = watch.next();
  await expect.poll(() => proxy.seen.at(-1)?.code).toBe(200);
  await create("watched");
  expect((await first).value).toMatchObject({ type: "ADDED" });
  expect(proxy.cutWatches()).toBe(1);
  const rest = async () => {
    for (;;) if ((await watch.next()).done) return;
  };
  await expect(rest()).rejects.toMatchObject({ code: "unavailable" });
});
