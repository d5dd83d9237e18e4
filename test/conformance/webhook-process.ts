import { once } from "node:events";
import { createServer } from "node:net";
import { systemClock } from "../../src/lib/clock.ts";
import type { Daemon } from "../../src/lib/daemon.ts";
import type { Program } from "../../src/testing/program.ts";

/** Starts our webhook for a real API server on this machine. */
export function startWebhook(
  groupsnap: Program,
  where: { readonly kubeconfig: string; readonly port: number },
): Promise<Daemon> {
  const here = ["--port", String(where.port), "--bind-address", "127.0.0.1"];
  const reached = ["--url", `https://127.0.0.1:${where.port}/convert`, "--kubeconfig", where.kubeconfig];
  return groupsnap.start(["webhook", ...here, ...reached]);
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

/** How long a real API server may take until it has heard of what changed. */
export const patience = { timeout: 60_000, interval: 200 };

/** Right after a definition changed, kube-apiserver answers its kind with "shutting down" for a moment: that one passes. */
export async function served<T>(work: () => Promise<T>): Promise<T> {
  const limit = AbortSignal.timeout(patience.timeout);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!/shutting down/.test(String(error))) throw error;
      await systemClock.sleep(patience.interval, limit);
    }
  }
}
