import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createAuthority, issueCertificate } from "../../../src/lib/certificate.ts";
import type { JsonObject } from "../../../src/lib/json.ts";
import { systemRandom } from "../../../src/lib/random.ts";

/** Converts objects by noting the way they went: their spec's `through` grows by the version they come to. */
export interface Webhook {
  readonly url: string;
  /** Base64, as definitions have it. */
  readonly caBundle: string;
  close(): Promise<void>;
}

interface Review {
  readonly request: {
    readonly uid: string;
    readonly desiredAPIVersion: string;
    readonly objects: readonly JsonObject[];
  };
}

/** Objects whose spec says `refuse` are refused. */
export async function conversionWebhook(): Promise<Webhook> {
  const made = { now: new Date(), random: systemRandom };
  const authority = await createAuthority({ ...made, commonName: "conversion" });
  const pair = await issueCertificate(authority, {
    ...made,
    commonName: "webhook",
    names: ["127.0.0.1"],
    use: "server",
  });
  const server = createServer({ cert: pair.certPem, key: pair.keyPem }, (request, response) => {
    void answer(request).then((review) => response.setHeader("content-type", "application/json").end(review));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `https://127.0.0.1:${port}/convert`,
    caBundle: Buffer.from(authority.certPem).toString("base64"),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve)); // also if it was closed before
    },
  };
}

async function answer(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer); // no encoding is set
  const { request } = JSON.parse(Buffer.concat(chunks).toString()) as Review;
  const refused = request.objects.some(({ spec }) => (spec as JsonObject).refuse === true);
  const result = refused ? { status: "Failure", message: "this cannot be converted" } : { status: "Success" };
  const convertedObjects = refused ? [] : request.objects.map((object) => convert(object, request.desiredAPIVersion));
  const response = { uid: request.uid, result, convertedObjects };
  return JSON.stringify({ apiVersion: "apiextensions.k8s.io/v1", kind: "ConversionReview", response });
}

function convert(object: JsonObject, apiVersion: string): JsonObject {
  const spec = object.spec as JsonObject; // the cases' objects have one
  const through = [...((spec.through ?? []) as readonly string[]), apiVersion.split("/")[1] ?? ""];
  return { ...object, apiVersion, spec: { ...spec, through } };
}
