import { get } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { crds } from "../api/crds.ts";
import { writeKubeconfig } from "../apiserver/config/kubeconfig.ts";
import type { KubeClient } from "../kube/client/kube-client.ts";
import { type Definition, definitions } from "../kube/core/definition.ts";
import { systemClock } from "../lib/clock.ts";
import { silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { type ThrowAwayApi, throwAwayApi } from "../testing/cluster.ts";
import { connect } from "./connect.ts";
import { startWebhook, type WebhookOptions } from "./webhook.ts";

const name = "volumegroupsnapshotcontents.groupsnapshot.storage.k8s.io";
const service = { name: "hook", namespace: "ns", path: "/convert" };
const reached = { serviceName: "hook", serviceNamespace: "ns" };

let api: ThrowAwayApi;
let client: KubeClient;
beforeAll(async () => {
  api = await throwAwayApi({ crds });
  client = await connect({ kubeconfig: api.kubeconfigPath, userAgent: "test" });
});
afterAll(async () => {
  client.close();
  await api.stop();
});

const soon = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 20 });
const call = () => ({ signal: AbortSignal.timeout(10_000) });

/** Runs a webhook until `stop`. */
async function running(options: Partial<WebhookOptions>) {
  const stopped = new AbortController();
  const around = { clock: systemClock, random: systemRandom, log: silent, signal: stopped.signal };
  const { ended, ready } = await startWebhook({ port: 0, kubeconfig: api.kubeconfigPath, ...options }, around);
  return {
    port: Number(/\d+$/.exec(ready)?.[0]),
    stop: async () => {
      stopped.abort(new DOMException("stopped", "AbortError"));
      await ended;
    },
  };
}

/** Whatever certificate it shows. */
function readyOn(
  port: number,
  path = "/readyz",
): Promise<{ readonly code: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, rejectUnauthorized: false, agent: false };
    get(options, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      incoming.on("end", () => resolve({ code: incoming.statusCode, text }));
    }).on("error", reject);
  });
}

/** A kubeconfig that the API server does not accept. */
function withToken(token: string): string {
  const path = join(api.dataDir, `kubeconfig-${token}`);
  writeKubeconfig(path, { url: api.url, caPem: api.caPem, clientCertPem: "", clientKeyPem: "", token });
  return path;
}

interface Stanza {
  readonly strategy: string;
  readonly webhook?: {
    readonly clientConfig: { readonly caBundle: string; readonly service?: object; readonly url?: string };
  };
}

async function stanza(): Promise<Stanza> {
  const { spec } = await client.get<Definition>(definitions, { name }, call());
  return (spec as { readonly conversion: Stanza }).conversion; // by its schema
}

const config = async () => (await stanza()).webhook?.clientConfig;
const authoritiesIn = (bundle = "") => Buffer.from(bundle, "base64").toString("utf8").match(/BEGIN/g)?.length ?? 0;

test("two webhooks point the definitions at their service, and the bundle trusts both", async () => {
  const first = await running({ reached });
  await soon(async () => expect(authoritiesIn((await config())?.caBundle)).toBe(1));
  expect((await config())?.service).toMatchObject(service);
  const second = await running({ reached });
  await soon(async () => expect(authoritiesIn((await config())?.caBundle)).toBe(2));
  await first.stop();
  await second.stop();
});

test("a definition that is made later, or made anew, is pointed at the webhook as soon as it is there", async () => {
  const webhook = await running({ reached: { url: "https://127.0.0.1:1" } });
  await soon(async () => expect((await config())?.url).toBe("https://127.0.0.1:1/convert"));
  expect((await config())?.service).toBeUndefined();
  await client.delete(definitions, { name }, call());
  await soon(async () => expect(await client.find(definitions, { name }, call())).toBeUndefined());
  const again = crds.find(({ metadata }) => metadata.name === name);
  await client.create(definitions, again as never, call());
  await soon(async () => expect((await config())?.url).toBe("https://127.0.0.1:1/convert"));
  await webhook.stop();
});

test("a webhook that nobody can find has nothing to make a certificate for", async () => {
  await expect(running({})).rejects.toThrow(
    /give a certificate by --tls-cert-file .* or say by --url or --service-name/,
  );
});

test("a bundle that somebody overwrote is put right again, and readiness says so meanwhile", async () => {
  const webhook = await running({ reached });
  await soon(async () => expect(await readyOn(webhook.port)).toEqual({ code: 200, text: "ok" }));
  const conversion = {
    strategy: "Webhook",
    webhook: { clientConfig: { service: null, url: "https://127.0.0.1:1/theirs", caBundle: null } },
  };
  await client.patch(definitions, { name }, { type: "merge", patch: { spec: { conversion } } }, call());
  await soon(async () => expect((await config())?.service).toMatchObject(service));
  expect(authoritiesIn((await config())?.caBundle)).toBe(1);
  await soon(async () => expect(await readyOn(webhook.port)).toEqual({ code: 200, text: "ok" }));
  await webhook.stop();
});

test("a webhook that may not change the definitions is alive, not ready, and says which one", async () => {
  const forbidden = { kubeconfig: withToken("nobody") };
  const webhook = await running({ reached, ...forbidden });
  expect(await readyOn(webhook.port)).toEqual({ code: 503, text: expect.stringContaining(`not ready: `) as string });
  expect(await readyOn(webhook.port, "/healthz")).toEqual({ code: 200, text: "ok" });
  await webhook.stop();
});
