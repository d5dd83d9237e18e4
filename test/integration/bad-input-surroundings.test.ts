import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { crds } from "../../src/api/crds.ts";
import { writeKubeconfig } from "../../src/apiserver/config/kubeconfig.ts";
import { forbidden } from "../../src/apiserver/status.ts";
import { createAuthority, issueCertificate } from "../../src/lib/certificate.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { Failure } from "../../src/lib/failure.ts";
import { type Logger, silent } from "../../src/lib/log.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { defaultWorkers } from "../../src/processes/controller-host.ts";
import { startSnapshotController } from "../../src/processes/snapshot-controller.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../src/testing/cluster.ts";

/** What the server answers to the controller instead of working; nothing while it is well. */
let refusal: Error | undefined;
let api: ThrowAwayApi;
let stop: AbortController;
let ended: Promise<unknown>;
beforeEach(async () => {
  refusal = undefined;
  stop = new AbortController();
  ended = Promise.resolve();
  api = await throwAwayApi({
    crds,
    intercept: async () => {
      if (refusal) throw refusal;
    },
  });
});
afterEach(async () => {
  stop.abort();
  await ended;
  await api.stop();
});

/** Starts the controller with a kubeconfig. @returns what keeps it from being ready */
async function startWith(kubeconfig: string): Promise<() => Promise<string>> {
  let served: (address: string) => void;
  const listening = new Promise<string>((resolve) => {
    served = resolve;
  });
  const log: Logger = {
    ...silent,
    child: () => silent,
    info: (fields) => typeof fields === "object" && "address" in fields && served(String(fields.address)),
  };
  const http = { httpEndpoint: { host: "127.0.0.1", port: 0 }, metricsPath: "/metrics" };
  const around = { clock: systemClock, random: systemRandom, log, signal: stop.signal };
  const running = startSnapshotController({ ...defaultWorkers, ...http, kubeconfig }, around);
  ended = running.then((process) => process.ended).catch(() => undefined); // it ends by the signal's reason
  const address = await listening;
  return async () => (await fetch(`http://${address}/readyz`)).text();
}

/** A kubeconfig of the cluster in which something is not as it should be. */
function kubeconfigWith(wrong: Partial<Parameters<typeof writeKubeconfig>[1]>): string {
  const path = join(api.dataDir, "wrong");
  const { url, caPem, clientCertPem, clientKeyPem, adminToken: token } = api;
  writeKubeconfig(path, { url, caPem, clientCertPem, clientKeyPem, token, ...wrong });
  return path;
}
const patience = { timeout: 20_000 };

describe("a controller whose cluster does not take it goes on asking, and readiness says what to do:", () => {
  test("an address where nothing listens", async () => {
    const why = await startWith(kubeconfigWith({ url: "https://127.0.0.1:1" }));
    await expect
      .poll(why, patience)
      .toMatch(/cannot list \S+ at https:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*check the address/);
  });

  test("an authority that has not signed the server's certificate", async () => {
    const other = await createAuthority({ commonName: "another", now: new Date(), random: systemRandom });
    const why = await startWith(kubeconfigWith({ caPem: other.certPem }));
    await expect.poll(why, patience).toMatch(/is not signed by the certificate authority that was given/);
  });

  test("a client certificate that has expired", async () => {
    const now = new Date("2020-01-01T00:00:00Z");
    const authority = await createAuthority({ commonName: "another", now, random: systemRandom });
    const { certPem, keyPem } = await issueCertificate(authority, {
      commonName: "me",
      use: "client",
      now,
      random: systemRandom,
    });
    const why = await startWith(kubeconfigWith({ clientCertPem: certPem, clientKeyPem: keyPem }));
    await expect
      .poll(why, patience)
      .toMatch(/401 Unauthorized\); the client certificate expired on 202.*: have a new one issued/);
  });

  test.each<[string, () => Error, RegExp]>([
    [
      "credentials that are refused for a while",
      () => new Failure("unauthenticated", "not you"),
      /not you \(401 Unauthorized\); the server does not take the/,
    ],
    [
      "permissions that are missing for a while",
      () => forbidden({ group: "", plural: "persistentvolumes", kind: "PersistentVolume" }, "", "not yet"),
      /403 Forbidden\); grant list and watch on persistentvolumes/,
    ],
    ["a server that is not well for a while", () => new Failure("internal", "etcd is away"), /etcd is away \(500/],
  ])("%s, and is ready once that is over", async (_what, answer, expected) => {
    refusal = answer();
    const why = await startWith(api.kubeconfigPath);
    await expect.poll(why, patience).toMatch(expected);
    refusal = undefined;
    await expect.poll(why, patience).toBe("ok");
  });
});
