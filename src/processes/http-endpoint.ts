import { createServer, type RequestListener, type Server } from "node:http";
import { Registry } from "prom-client";
import { type ControllerMetrics, prometheusMetrics } from "../kube/controller/metrics.ts";
import { Failure } from "../lib/failure.ts";
import type { OperationMetrics } from "../snapshots/operations/ledger.ts";
import { type CsiMetrics, csiMetrics } from "./csi-metrics.ts";
import { type ElectionMetrics, electionMetrics } from "./election-metrics.ts";
import { type Health, type HealthPages, healthPages } from "./health.ts";
import { operationMetrics } from "./operation-metrics.ts";
import { type StorageMetrics, storageMetrics } from "./storage-metrics.ts";
import type { Surroundings } from "./surroundings.ts";

/** Where `--http-endpoint` listens: on every address of the machine where no host is named. */
export interface HttpAddress {
  readonly host: string | undefined;
  readonly port: number;
}

export interface HttpOptions {
  /** Nothing is served, and nothing counted, without it. */
  readonly httpEndpoint?: HttpAddress;
  readonly metricsPath: string;
}

/** What a process counts, and says of its health. */
export interface Metrics {
  readonly controllers: (name: string) => ControllerMetrics;
  readonly csi: CsiMetrics;
  readonly operations: OperationMetrics;
  readonly election: ElectionMetrics;
  readonly storage: StorageMetrics;
  readonly health: Health;
}

/** A scraper, a probe and a person looking: more connections than this are somebody's mistake. */
const connectionLimit = 32;
/** A request has no body here, so it is sent in one go. */
const requestTimeoutMs = 10_000;

/**
 * Serves metrics, `/healthz` and `/readyz` over plain HTTP until the process ends, if it was told where.
 *
 * @returns what to count with, and where to say what is amiss; undefined when nobody could ask for it
 * @throws Failure "unavailable" when the address cannot be listened on
 */
export async function serveMetrics(
  { httpEndpoint, metricsPath }: HttpOptions,
  { signal, log }: Pick<Surroundings, "signal" | "log">,
): Promise<Metrics | undefined> {
  if (!httpEndpoint) return undefined;
  const registry = new Registry();
  const health = healthPages();
  const server = createServer({ requestTimeout: requestTimeoutMs }, answer(registry, metricsPath, health));
  server.maxConnections = connectionLimit;
  const address = await listening(server, httpEndpoint);
  signal.addEventListener("abort", () => stop(server), { once: true });
  log.info({ address, metricsPath }, "metrics are served");
  return {
    controllers: prometheusMetrics(registry),
    csi: csiMetrics(registry),
    operations: operationMetrics(registry),
    election: electionMetrics(registry),
    storage: storageMetrics(registry),
    health,
  };
}

function answer(registry: Registry, metricsPath: string, health: HealthPages): RequestListener {
  return (request, response) => {
    const path = request.url?.split("?")[0] ?? "";
    const isRead = request.method === "GET" || request.method === "HEAD";
    const page = health.page(path);
    if (!isRead) response.writeHead(405, { allow: "GET, HEAD" }).end();
    else if (page) response.writeHead(page.status, { "content-type": "text/plain; charset=utf-8" }).end(page.text);
    else if (path === metricsPath)
      registry.metrics().then(
        (text) => response.setHeader("content-type", registry.contentType).end(text),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    else response.writeHead(404).end(`there is ${metricsPath}, /healthz and /readyz\n`);
  };
}

/** @returns the address as the system gave it: port 0 asks for a free one */
function listening(server: Server, { host, port }: HttpAddress): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const remedy = "choose another --http-endpoint";
      const where = `${host ?? ""}:${port}`;
      reject(
        new Failure("unavailable", `cannot serve metrics at ${where}: ${error.message}; ${remedy}`, { cause: error }),
      );
    });
    server.listen({ port, ...(host && { host }) }, () => {
      const at = server.address();
      resolve(
        at && typeof at === "object" ? `${at.family === "IPv6" ? `[${at.address}]` : at.address}:${at.port}` : "",
      );
    });
  });
}

function stop(server: Server): void {
  server.close();
  server.closeAllConnections();
}
