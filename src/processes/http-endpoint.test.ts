import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { crds } from "../api/crds.ts";
import { systemClock } from "../lib/clock.ts";
import { type Logger, silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { throwAwayApi } from "../testing/cluster.ts";
import { scriptedDriver } from "../testing/scripted-driver.ts";
import { defaultWorkers } from "./controller-host.ts";
import { startCsiSnapshotter } from "./csi-snapshotter.ts";
import { serveMetrics } from "./http-endpoint.ts";

const free = { httpEndpoint: { host: "127.0.0.1", port: 0 }, metricsPath: "/metrics" };
let end = new AbortController();
afterEach(() => {
  end.abort();
  end = new AbortController();
});

/** A log that says where metrics are served, and how to ask there. */
function listener() {
  let address = "";
  const log: Logger = {
    ...silent,
    child: () => silent,
    info(fields) {
      if (typeof fields === "object" && "address" in fields) address = String(fields.address);
    },
  };
  const ask = async (path: string, method = "GET") => {
    const answer = await fetch(`http://${address}${path}`, { method });
    return { status: answer.status, text: await answer.text(), type: answer.headers.get("content-type") };
  };
  return { log, ask };
}

async function served() {
  const { log, ask } = listener();
  return { ask, metrics: await serveMetrics(free, { signal: end.signal, log }) };
}

test("a driver's engine, room and snapshots are scraped as they are now", async () => {
  const { metrics, ask } = await served();
  const levels = { totalBytes: 1e10, freeBytes: 1.5e9, reserveBytes: 1e9, isLow: true, deletedBytes: 7 };
  let snapshots = [{ id: "snap-1", exclusiveBytes: 4096 }];
  const engine = { name: "atomic", finding: "one btrfs snapshot", passedOver: [] };
  metrics?.storage({ engine, report: async () => ({ ...levels, snapshots }) });
  const { text } = await ask("/metrics");
  expect(text).toContain('groupsnap_engine{engine="atomic"} 1');
  for (const line of ['{kind="total"} 10000000000', '{kind="free"} 1500000000', '{kind="reserve"} 1000000000'])
    expect(text).toContain(`groupsnap_pool_bytes${line}`);
  expect(text).toContain('groupsnap_pool_bytes{kind="deleted"} 7');
  snapshots = [{ id: "snap-2", exclusiveBytes: 8192 }];
  const later = (await ask("/metrics")).text;
  expect(later).toContain("groupsnap_pool_low 1");
  expect(later).toContain('groupsnap_snapshot_exclusive_bytes{snapshot_id="snap-2"} 8192');
  expect(later).not.toContain("snap-1");
});

test("metrics of controllers and of calls to the driver are scraped at the metrics path, in Prometheus' format", async () => {
  const { metrics, ask } = await served();
  metrics?.controllers("demo").worked(20, { reason: "Cut", outcome: "done" });
  metrics?.csi.onCall({ path: "/csi.v1.Identity/Probe", status: "OK", tookMs: 1 });
  metrics?.csi.named("driver.example.com");
  const path = "/csi.v1.Controller/CreateSnapshot";
  for (const status of ["DEADLINE_EXCEEDED", "CANCELLED", "ABORTED"])
    metrics?.csi.onCall({ path, status, tookMs: 700 });
  const { status, text, type } = await ask("/metrics?x=1");
  expect([status, type]).toEqual([200, expect.stringContaining("text/plain")]);
  expect(text).toContain('controller_reconcile_total{name="demo",reason="Cut",outcome="done"} 1');
  const counts = [...text.matchAll(/^csi_sidecar_operations_seconds_count\{(.*)\} 1$/gm)].map(([, labels]) => labels);
  const labels = (driver: string, method: string, code: string) =>
    `driver_name="${driver}",method_name="${method}",grpc_status_code="${code}"`;
  expect(counts).toEqual([
    labels("unknown-driver", "/csi.v1.Identity/Probe", "OK"),
    ...["DeadlineExceeded", "Canceled", "Aborted"].map((code) => labels("driver.example.com", path, code)),
  ]);
  expect(text).toContain('le="0.5",driver_name="driver.example.com"');
});

test.each([
  ["a probe of its health", "GET", "/healthz", 200],
  ["a probe of its readiness", "HEAD", "/readyz", 200],
  ["a path that there is not", "GET", "/debug", 404],
  ["anything but a read", "POST", "/metrics", 405],
])("the HTTP endpoint answers %s", async (_what, method, path, expected) => {
  const { ask } = await served();
  expect((await ask(path, method)).status).toBe(expected);
});

test("the HTTP endpoint closes when the process ends", async () => {
  const { ask } = await served();
  end.abort();
  await expect(ask("/healthz")).rejects.toThrow();
});

test("without --http-endpoint nothing is served and nothing counted", async () => {
  expect(await serveMetrics({ metricsPath: "/metrics" }, { signal: end.signal, log: silent })).toBeUndefined();
});

test("an address that is taken is refused, and the message names it and the flag", async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    other.listen({ host: "127.0.0.1", port: 0 }, () => resolve((other.address() as { port: number }).port));
  });
  const taken = { httpEndpoint: { host: "127.0.0.1", port }, metricsPath: "/metrics" };
  await expect(serveMetrics(taken, { signal: end.signal, log: silent })).rejects.toThrow(
    new RegExp(`cannot serve metrics at 127.0.0.1:${port}: .*EADDRINUSE.*--http-endpoint`),
  );
  other.close();
});

test("a sidecar that is told to serves what its controllers and its driver did", async () => {
  const api = await throwAwayApi({ crds });
  const driver = await scriptedDriver();
  const { log, ask } = listener();
  const limits = { ...defaultWorkers, timeoutMs: 5_000, extraCreateMetadata: false };
  const { ended } = await startCsiSnapshotter(
    { ...free, ...limits, kubeconfig: api.kubeconfigPath, csiAddress: driver.address },
    { clock: systemClock, random: systemRandom, log, signal: end.signal },
  );
  const { text } = await ask("/metrics");
  expect(text).toContain('workqueue_depth{name="csi-snapshotter-content"} 0');
  expect(text).toContain('method_name="/csi.v1.Identity/GetPluginInfo",grpc_status_code="OK"');
  end.abort();
  await ended.catch(() => undefined); // it ends by the signal's reason
  await driver.stop();
  await api.stop();
});
