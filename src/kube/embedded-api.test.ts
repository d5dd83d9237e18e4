import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { type ThrowAwayApi, throwAwayApi } from "../testing/cluster.ts";
import { widgets as widgetsCrd } from "../testing/widgets.ts";
import { cacheOf } from "./cache/cache-of.ts";
import type { Client } from "./client/client.ts";
import { kubeClient } from "./client/kube-client.ts";
import { loadConfig } from "./client/kubeconfig.ts";
import { recordWrites } from "./client/recording.ts";
import { again, nothing } from "./controller/plan.ts";
import { runController } from "./controller/run-controller.ts";
import type { KubeObject, Resource } from "./object.ts";

interface Widget extends KubeObject {
  readonly spec: { readonly size: number | bigint; readonly parts?: readonly string[] };
  readonly status?: { readonly note?: string };
}
const widgets: Resource<Widget> = {
  group: "example.com",
  version: "v1",
  plural: "widgets",
  kind: "Widget",
  namespaced: true,
};
const draft = (name: string, size: number | bigint = 1, metadata: object = {}) => ({
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name, namespace: "default", ...metadata },
  spec: { size },
});
const at = (name: string) => ({ namespace: "default", name });
const { signal } = new AbortController();
const around = { userAgent: "groupsnap-test", clock: systemClock, random: systemRandom };
const failed = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error) => error,
  );

let api: ThrowAwayApi;
let client: Client;
let name: string;
let names = 0;

beforeAll(async () => {
  api = await throwAwayApi({ crds: [widgetsCrd] });
  client = kubeClient({ config: await loadConfig({ kubeconfig: api.kubeconfigPath }), ...around });
});
afterAll(() => api.stop());
beforeEach(() => {
  name = `widget-${++names}`;
});

describe("the client against the embedded API", () => {
  test("both contexts of its kubeconfig log in, by certificate and by token", async () => {
    const config = await loadConfig({ kubeconfig: api.kubeconfigPath, context: "groupsnap-token" });
    const byToken = kubeClient({ config, ...around });
    await byToken.create(widgets, draft(name), { signal });
    expect((await client.get(widgets, at(name), { signal })).spec.size).toBe(1);
  });

  test("a server whose authority is not the one given is refused, and the message says what to check", async () => {
    const config = await loadConfig({ kubeconfig: api.kubeconfigPath });
    const stranger = kubeClient({ config: { ...config, tls: {} }, ...around });
    const failure = await failed(stranger.list(widgets, { signal }));
    expect(failure.code).toBe("unavailable");
    expect(failure.message).toMatch(/not signed by the certificate authority/);
  });

  test("a server whose certificate is for another name is refused, and the message names the setting", async () => {
    const config = await loadConfig({ kubeconfig: api.kubeconfigPath });
    const named = (serverName: string) =>
      kubeClient({ config: { ...config, tls: { ...config.tls, serverName } }, ...around });
    const failure = await failed(named("elsewhere.example").list(widgets, { signal }));
    expect(failure.message).toMatch(/certificate is for another name: see tls-server-name/);
    expect((await named("localhost").list(widgets, { signal })).items).toBeDefined();
  });

  test("what is written comes back, to the last digit, and races end as conflict and exists", async () => {
    const size = 9007199254740993n;
    const made = await client.create(widgets, draft(name, size), { signal });
    expect(made.spec.size).toBe(size);
    const noted = await client.updateStatus(widgets, { ...made, status: { note: "hello" } }, { signal });
    expect(noted.status?.note).toBe("hello");
    expect(await failed(client.update(widgets, made, { signal }))).toMatchObject({ code: "conflict" });
    expect(await failed(client.create(widgets, draft(name), { signal }))).toMatchObject({ code: "exists" });
    const tested = [{ op: "test", path: "/spec/size", value: 5 }] as const;
    expect(
      await failed(client.patch(widgets, at(name), { type: "json", operations: tested }, { signal })),
    ).toMatchObject({ code: "invalid" });
    expect(await failed(client.delete(widgets, at(name), { signal, uid: "another" }))).toMatchObject({
      code: "conflict",
    });
    await client.delete(widgets, at(name), { signal, uid: made.metadata.uid });
    expect(await client.find(widgets, at(name), { signal })).toBeUndefined();
    expect(await client.delete(widgets, at(name), { signal })).toBeUndefined();
  });

  test("a refused object names the field", async () => {
    const failure = await failed(client.create(widgets, draft(name, -1), { signal }));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toMatch(/spec\.size/);
  });

  test("what finalizers hold is recorded by version, what is gone by uid", async () => {
    const { client: recorded, take } = recordWrites(client);
    const made = await recorded.create(widgets, draft(name, 1, { finalizers: ["example.com/hold"] }), { signal });
    expect(take()).toMatchObject([
      { write: { key: `default/${name}`, resourceVersion: made.metadata.resourceVersion } },
    ]);
    await recorded.delete(widgets, at(name), { signal });
    expect(take()).toMatchObject([{ write: { resourceVersion: expect.stringMatching(/^\d+$/) } }]);
    await recorded.patch(widgets, at(name), { type: "merge", patch: { metadata: { finalizers: null } } }, { signal });
    expect(take()).toMatchObject([{ write: { goneUid: made.metadata.uid } }]);
  });

  test("more objects than fit on a page are all there", async () => {
    const label = { "page-test": "yes" };
    await Promise.all(
      Array.from({ length: 501 }, (_, i) =>
        client.create(widgets, draft(`page-${i}`, i, { labels: label }), { signal }),
      ),
    );
    const list = await client.list(widgets, { signal, namespace: "default", labelSelector: "page-test=yes" });
    expect(new Set(list.items.map((item) => item.spec.size)).size).toBe(501);
  });
});

describe("cache and controller against the embedded API", () => {
  test("an object that leaves a selection leaves its cache, and comes back with its label", async () => {
    const stop = new AbortController();
    const cache = cacheOf({ client, resource: widgets, labelSelector: "app=db", ...around, log: silent });
    const running = cache.run(stop.signal);
    await client.create(widgets, draft(name, 1, { labels: { app: "db" } }), { signal });
    const key = `default/${name}`;
    await expect.poll(() => cache.get(key)?.spec.size).toBe(1);
    const label = (app: string) =>
      client.patch(widgets, at(name), { type: "merge", patch: { metadata: { labels: { app } } } }, { signal });
    const left = await label("web");
    await cache.hasSeen({ key, resourceVersion: left.metadata.resourceVersion }, signal);
    expect(cache.get(key)).toBeUndefined();
    await label("db");
    await expect.poll(() => cache.get(key)?.spec.size).toBe(1);
    stop.abort();
    await running;
  });

  test("a controller that counts up to ten in its status needs ten writes and sees each of them, over a restart of the server", async () => {
    const stop = new AbortController();
    const cache = cacheOf({ client, resource: widgets, labelSelector: "count=yes", ...around, log: silent });
    const seen: string[] = [];
    const running = Promise.all([
      cache.run(stop.signal),
      runController(
        {
          name: "counting",
          kind: cache,
          watches: [],
          observe: (widget) => widget,
          decide: (widget) => {
            seen.push(widget.status?.note ?? "0");
            const count = Number(widget.status?.note ?? 0);
            if (count === 10) return nothing("Done");
            return { reason: "Count", steps: [[{ do: "write", widget, note: String(count + 1) }]], next: again };
          },
          act: async (action, context) => {
            if (action.note === "5" && !restarted) {
              restarted = true;
              await api.restart();
            }
            await context.client.updateStatus(widgets, { ...action.widget, status: { note: action.note } }, context);
          },
          onFailure: () => nothing("Failed"),
          factsOf: (widget) => widget.spec,
        },
        { client, ...around, log: silent, signal: stop.signal },
      ),
    ]);
    let restarted = false;
    await client.create(widgets, draft(name, 1, { labels: { count: "yes" } }), { signal });
    await expect.poll(() => seen.at(-1), { timeout: 10_000 }).toBe("10");
    expect(seen.filter((note, i) => note !== seen[i - 1])).toEqual([
      "0",
      "1",
      "2",
      "3",
      "4",
      "5",
      "6",
      "7",
      "8",
      "9",
      "10",
    ]);
    stop.abort();
    await running;
  });
});
