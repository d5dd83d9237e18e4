import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createAuthority, issueCertificate } from "../lib/certificate.ts";
import { systemClock } from "../lib/clock.ts";
import type { JsonObject } from "../lib/json.ts";
import { systemRandom } from "../lib/random.ts";
import { type ThrowAwayOptions, throwAwayApi } from "./cluster.ts";
import { type RawAnswer, type RawClient, rawClient } from "./raw-client.ts";

/** What a webhook says: a response but for its uid, or the text of an error 500. */
export type Said = JsonObject | string;

/** An API server, and a server that answers as its webhooks. */
export interface HookLab {
  readonly client: RawClient;
  /** What the webhooks were asked, in order. */
  readonly asked: { readonly path: string; readonly request: JsonObject }[];
  /** What each path answers. */
  readonly answers: Map<string, (request: JsonObject) => Said | Promise<Said>>;
  /** Where the webhooks are. */
  readonly url: string;
  /**
   * Configures a webhook for everything done to config maps, or for what `rule` says; resolves with the path of its
   * configuration. Webhooks are asked in the order in which they were configured.
   */
  configure(type: "Validating" | "Mutating", path: string, more?: object, rule?: object): Promise<string>;
  /** Creates a config map. */
  create(name: string, more?: object): Promise<RawAnswer>;
  /** Takes all configurations away, and forgets what was asked. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

const group = "/apis/admissionregistration.k8s.io/v1";
export const configMaps = "/api/v1/namespaces/default/configmaps";

export async function hookLab(options: ThrowAwayOptions = {}): Promise<HookLab> {
  const api = await throwAwayApi(options);
  const client = rawClient(api);
  const asked: { path: string; request: JsonObject }[] = [];
  const answers: HookLab["answers"] = new Map();
  const hooks = await hookServer(async (path, request) => {
    asked.push({ path, request });
    return (await answers.get(path)?.(request)) ?? {};
  });
  const configurations: string[] = [];
  let made = 0;
  return {
    client,
    asked,
    answers,
    url: hooks.url,
    async configure(type, path, more = {}, rule = {}) {
      const name = `${String.fromCharCode(97 + configurations.length)}-${++made}`;
      const plural = `${group}/${type.toLowerCase()}webhookconfigurations`;
      const clientConfig = { url: `${hooks.url}${path}`, caBundle: hooks.caBundle };
      const webhook = {
        ...basic,
        name: `${name}.hooks.example.com`,
        clientConfig,
        rules: [{ ...onMaps, ...rule }],
        ...more,
      };
      const answer = await client.send("POST", plural, { body: { metadata: { name }, webhooks: [webhook] } });
      if (answer.code !== 201) throw new Error(`cannot configure the webhook at ${path}: ${answer.text}`);
      configurations.push(`${plural}/${name}`);
      return `${plural}/${name}`;
    },
    create: (name, more = {}) => client.send("POST", configMaps, { body: { metadata: { name }, ...more } }),
    async reset() {
      for (const path of configurations.splice(0)) await client.send("DELETE", path);
      asked.length = 0;
      answers.clear();
    },
    async stop() {
      client.close();
      hooks.stop();
      await api.stop();
    },
  };
}

const basic = { sideEffects: "None", admissionReviewVersions: ["v1"] };
const onMaps = {
  apiGroups: [""],
  apiVersions: ["v1"],
  resources: ["configmaps"],
  operations: ["CREATE", "UPDATE", "DELETE"],
};

type Reply = (path: string, request: JsonObject) => Promise<Said>;

async function hookServer(reply: Reply) {
  const around = { now: systemClock.now(), random: systemRandom };
  const authority = await createAuthority({ ...around, commonName: "hooks" });
  const names = ["127.0.0.1"];
  const pair = await issueCertificate(authority, { ...around, commonName: "hook", names, use: "server" });
  const server = createServer({ cert: pair.certPem, key: pair.keyPem }, (incoming, outgoing) => {
    let text = "";
    incoming.on("data", (chunk: Buffer) => (text += chunk.toString()));
    incoming.on("end", () => void answer(reply, { url: incoming.url ?? "", text, outgoing }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on TCP
    caBundle: Buffer.from(authority.certPem).toString("base64"),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

interface Incoming {
  readonly url: string;
  readonly text: string;
  readonly outgoing: ServerResponse;
}

async function answer(reply: Reply, { url, text, outgoing }: Incoming): Promise<void> {
  const { request, apiVersion } = JSON.parse(text) as { request: JsonObject; apiVersion: string }; // the API server's
  const said = await reply(url.split("?", 1)[0] ?? "", request);
  if (typeof said === "string") return void outgoing.writeHead(500).end(said);
  outgoing.end(JSON.stringify({ apiVersion, kind: "AdmissionReview", response: { uid: request.uid, ...said } }));
}
