import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { systemRandom } from "../../lib/random.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { type Secret, secrets } from "../core/secret.ts";
import { type KubeClient, kubeClient } from "./kube-client.ts";
import { loadConfig } from "./kubeconfig.ts";
import { waitFor } from "./wait.ts";

const at = (name: string) => ({ namespace: "default", name });
let api: ThrowAwayApi;
let client: KubeClient;
beforeAll(async () => {
  api = await throwAwayApi();
  const config = await loadConfig({ kubeconfig: api.kubeconfigPath });
  client = kubeClient({ config, userAgent: "wait", clock: systemClock, random: systemRandom });
});
afterAll(async () => {
  client.close();
  await api.stop();
});

describe("a wait for an object", () => {
  const forever = { what: "secret never to come", until: (found: Secret | undefined) => found !== undefined };

  test("that ends by its time says what it saw last", async () => {
    const wait = waitFor(client, secrets, at("never"), { ...forever, signal: AbortSignal.timeout(50) });
    await expect(wait).rejects.toThrow("waited too long for secret never to come; it was last seen as not existing");
  });

  test("that is given up is no timeout", async () => {
    const stop = new AbortController();
    const wait = waitFor(client, secrets, at("never"), { ...forever, signal: stop.signal });
    stop.abort();
    await expect(wait).rejects.toMatchObject({ code: "cancelled" });
  });
});
