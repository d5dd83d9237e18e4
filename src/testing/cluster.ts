import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Converters } from "../apiserver/crd/custom-kind.ts";
import type { Intercept } from "../apiserver/http/handler.ts";
import { type ApiServer, startApiServer } from "../apiserver/server.ts";
import type { Window } from "../apiserver/store/store.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import type { JsonObject } from "../lib/json.ts";
import { type Logger, silent } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";

export interface ThrowAwayOptions {
  readonly crds?: readonly JsonObject[];
  readonly converters?: Converters;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Sees each request first: tests slow it down or make it fail here. */
  readonly intercept?: Intercept;
  /** How many changes a watch can ask for; one that is further behind gets 410. */
  readonly window?: Window;
  /** Claims and volumes get the finalizers of those in use, for tests in which a node takes them off. */
  readonly protectInUse?: boolean;
}

/** A Kubernetes API of its own, in a folder that goes with it. */
export interface ThrowAwayApi {
  readonly kubeconfigPath: string;
  readonly dataDir: string;
  readonly url: string;
  readonly caPem: string;
  /** Bearer token of the cluster admin. */
  readonly adminToken: string;
  readonly clientCertPem: string;
  readonly clientKeyPem: string;
  /** Ends the server and starts it again on the same data and the same port. */
  restart(): Promise<void>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** Starts the embedded API server on a free port in a temporary folder. */
export async function throwAwayApi(options: ThrowAwayOptions = {}): Promise<ThrowAwayApi> {
  const dataDir = mkdtempSync(join(tmpdir(), "gs-api-"));
  const start = (port: number) =>
    startApiServer({
      dataDir,
      port,
      crds: options.crds ?? [],
      ...(options.converters && { converters: options.converters }),
      clock: options.clock ?? systemClock,
      random: systemRandom,
      log: options.log ?? silent,
      ...(options.intercept && { intercept: options.intercept }),
      ...(options.window && { window: options.window }),
      ...(options.protectInUse && { protectInUse: true }),
    });
  let server: ApiServer = await start(0);
  const { kubeconfigPath, url, port, caPem, adminToken, clientCertPem, clientKeyPem } = server;
  return {
    kubeconfigPath,
    dataDir,
    url,
    caPem,
    adminToken,
    clientCertPem,
    clientKeyPem,
    restart: async () => {
      await server.close();
      server = await start(port);
    },
    stop: async () => {
      await server.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
