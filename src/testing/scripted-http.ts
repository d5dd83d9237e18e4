import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { bearer, fixedCredentials } from "../kube/client/connection.ts";
import { type KubeClient, kubeClient } from "../kube/client/kube-client.ts";
import { systemClock } from "../lib/clock.ts";
import { systemRandom } from "../lib/random.ts";
import type { Thing } from "./history-api.ts";

/** An HTTP server whose answers a test writes itself, and a client of it that logs in with the token "s3cret". */
export interface ScriptedHttp {
  readonly address: string;
  readonly client: KubeClient;
  /** The requests so far. */
  readonly seen: readonly IncomingMessage[];
  handler: (request: IncomingMessage, response: ServerResponse) => unknown;
  close(): void;
}

export async function scriptedHttp(): Promise<ScriptedHttp> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      seen.push(request);
      http.handler(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = kubeClient({
    config: { server: address, tls: {}, credentials: fixedCredentials(bearer("s3cret")), namespace: "default" },
    userAgent: "groupsnap-test",
    clock: systemClock,
    random: systemRandom,
  });
  const http: ScriptedHttp = {
    address,
    client,
    seen,
    handler: (_request, response) => answer(response, 200, {}),
    close: () => {
      client.close();
      server.closeAllConnections();
      server.close();
    },
  };
  return http;
}

/** A thing as a server sends it. */
export function storedThing(name: string, resourceVersion = "1"): Thing {
  const creationTimestamp = "2026-01-01T00:00:00Z";
  const metadata = { name, namespace: "demo", uid: `uid-${name}`, resourceVersion, creationTimestamp };
  return { apiVersion: "example.com/v1", kind: "Thing", metadata, spec: { size: 1 } };
}

export function statusOf(code: number, reason: string, message: string): object {
  return { apiVersion: "v1", kind: "Status", metadata: {}, status: "Failure", code, reason, message };
}

/** Answers with JSON, or with a text as it is. */
export function answer(response: ServerResponse, code: number, body: object | string, headers: object = {}): void {
  response.writeHead(code, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

/** The error with which a promise ends. */
export function failureIn(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error) => error,
  );
}
