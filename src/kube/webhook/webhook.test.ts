import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createAuthority, issueCertificate, type KeyPair } from "../../lib/certificate.ts";
import { systemClock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";
import { type JsonObject, parseJson, stringifyJson } from "../../lib/json.ts";
import { silent } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { bundleWith } from "./bundle.ts";
import { authorityName, givenCertificates, ownCertificates } from "./certificates.ts";
import type { Convert } from "./review.ts";
import { serveWebhook, type WebhookServer } from "./server.ts";
import { reachedAt } from "./whereabouts.ts";

const around = { clock: systemClock, random: systemRandom, log: silent };
const fresh = { now: new Date(), random: systemRandom };
const names = ["localhost"];

/** Knows one thing: to write the version into the object. */
const convert: Convert = (object, apiVersion) => {
  if (object.kind === "Bug") throw new TypeError("we are wrong");
  if (object.kind !== "Thing") throw new Failure("invalid", `cannot convert ${String(object.kind)}`);
  return { ...object, apiVersion };
};

let authority: KeyPair;
let webhook: WebhookServer;
beforeAll(async () => {
  authority = await createAuthority({ commonName: "test", ...fresh });
  const pair = await issueCertificate(authority, { commonName: "webhook", names, use: "server", ...fresh });
  webhook = await serveWebhook({ host: "127.0.0.1", port: 0, pair, convert, ...around });
});
afterAll(() => webhook.close());

interface Answer {
  readonly code: number;
  readonly text: string;
  readonly serial: string;
}

type Sent = readonly [method: string, path: string, body?: string, port?: number, agent?: Agent | false];

function send(...[method, path, body = "", port = webhook.port, agent = false]: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: "localhost", port, path, method, ca: authority.certPem, agent };
    const outgoing = request(options, (incoming) => {
      const { serialNumber } = (incoming.socket as TLSSocket).getPeerCertificate();
      let text = "";
      incoming.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      incoming.on("end", () => resolve({ code: incoming.statusCode ?? 0, text, serial: serialNumber }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const review = (request: JsonObject) =>
  stringifyJson({ apiVersion: "apiextensions.k8s.io/v1", kind: "ConversionReview", request });

async function answer(request: JsonObject): Promise<JsonObject> {
  const { code, text } = await send("POST", "/convert", review(request));
  expect({ code, text }).toMatchObject({ code: 200 });
  return (parseJson(text) as { readonly response: JsonObject }).response; // a review, by the code
}

describe("a ConversionReview over HTTPS", () => {
  test("gets every object in the version asked for, in order, with all digits and the uid of the request", async () => {
    const objects = [
      { kind: "Thing", metadata: { name: "a" }, status: { time: 1754000000123456789n } },
      { kind: "Thing", metadata: { name: "b" } },
    ];
    expect(await answer({ uid: "u-1", desiredAPIVersion: "things/v2", objects })).toEqual({
      uid: "u-1",
      result: { status: "Success" },
      convertedObjects: objects.map((object) => ({ ...object, apiVersion: "things/v2" })),
    });
  });

  test("with one object that cannot be converted names it and converts none", async () => {
    const objects = [{ kind: "Thing" }, { kind: "Other", metadata: { name: "b" } }];
    expect(await answer({ uid: "u", desiredAPIVersion: "things/v2", objects })).toEqual({
      uid: "u",
      convertedObjects: [],
      result: { status: "Failure", reason: "Invalid", message: "object 1 (b): cannot convert Other" },
    });
  });

  test("without objects is answered without objects", async () => {
    const { convertedObjects, result } = await answer({ uid: "u", desiredAPIVersion: "things/v2", objects: [] });
    expect({ convertedObjects, result }).toEqual({ convertedObjects: [], result: { status: "Success" } });
  });

  test.each<[string, JsonObject, RegExp]>([
    ["no target version", { objects: [] }, /desiredAPIVersion does not name a version/],
    ["objects that are no list", { desiredAPIVersion: "things/v2", objects: {} }, /request.objects is no list/],
    ["an object that is none", { desiredAPIVersion: "things/v2", objects: [7] }, /object 0: it is no object/],
    ["an empty object", { desiredAPIVersion: "things/v2", objects: [{}] }, /object 0: cannot convert undefined/],
  ])("with %s is answered with the reason", async (_what, request, message) => {
    const { uid, result } = await answer({ uid: "u", ...request });
    expect(uid).toBe("u");
    expect(result).toMatchObject({ status: "Failure", message: expect.stringMatching(message) });
  });

  test.each<[string, string, string, number, RegExp]>([
    ["an empty body", "POST /convert", "", 400, /the body is empty/],
    ["a body that is no JSON", "POST /convert", "{", 400, /not valid JSON/],
    ["an empty review", "POST /convert", "{}", 400, /send a ConversionReview/],
    ["a review without request", "POST /convert", review({}), 400, /no request with a uid/],
    [
      "a bug of ours",
      "POST /convert",
      review({ uid: "u", desiredAPIVersion: "v", objects: [{ kind: "Bug" }] }),
      500,
      /wrong/,
    ],
    ["another method", "GET /convert", "", 405, /POST only/],
    ["another path", "GET /", "", 404, /only \/convert, \/healthz and \/readyz/],
  ])("is what it takes: %s is refused with a Status", async (_what, target, body, code, message) => {
    const [method = "", path = ""] = target.split(" ");
    const refused = await send(method, path, body);
    expect(refused.code).toBe(code);
    expect(parseJson(refused.text)).toMatchObject({ kind: "Status", message: expect.stringMatching(message) });
  });

  test("may have 64 MiB, and is refused with a reason beyond that", async () => {
    const { code, text } = await send("POST", "/convert", " ".repeat((64 << 20) + 1));
    expect(code).toBe(413);
    expect(text).toMatch(/at most 67108864/);
  });

  test("readiness is answered with ok", async () => {
    expect(await send("GET", "/readyz")).toMatchObject({ code: 200, text: "ok" });
  });
});

describe("the webhook's certificate", () => {
  test("is read again when its files change, and kept while they do not match", async () => {
    const folder = mkdtempSync(join(tmpdir(), "gs-hook-"));
    const files = { certPath: join(folder, "tls.crt"), keyPath: join(folder, "tls.key") };
    const write = (pair: KeyPair) => {
      writeFileSync(files.keyPath, pair.keyPem);
      writeFileSync(files.certPath, pair.certPem);
    };
    const issue = () => issueCertificate(authority, { commonName: "w", names, use: "server", ...fresh });
    const [old, next] = [await issue(), await issue()];
    write(old);
    const stop = new AbortController();
    const complaints: object[] = [];
    const log = { ...silent, info: () => undefined, warn: (fields: object) => complaints.push(fields) };
    const certificates = await givenCertificates({ ...files, clock: systemClock, log, rereadMs: 5 });
    const server = await serveWebhook({ port: 0, pair: certificates.first, convert, ...around });
    const following = certificates.follow(server.use, stop.signal);
    const before = await send("GET", "/readyz", "", server.port);
    writeFileSync(files.keyPath, next.keyPem);
    await vi.waitFor(() => expect(JSON.stringify(complaints)).toMatch(/cannot be used together/));
    expect((await send("GET", "/readyz", "", server.port)).serial).toBe(before.serial);
    write(next);
    await vi.waitFor(async () => {
      expect((await send("GET", "/readyz", "", server.port)).serial).not.toBe(before.serial);
    });
    stop.abort();
    await expect(following).rejects.toThrow();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  test("may change under requests without one of them being refused, also on connections that stay open", async () => {
    const issue = () => issueCertificate(authority, { commonName: "w", names, use: "server", ...fresh });
    const server = await serveWebhook({ host: "127.0.0.1", port: 0, pair: await issue(), convert, ...around });
    const kept = new Agent({ keepAlive: true, maxSockets: 2 });
    const asks = async (agent: Agent | false) => {
      const answers: Answer[] = [];
      for (let sent = 0; sent < 30; sent++) answers.push(await send("GET", "/readyz", "", server.port, agent));
      return answers;
    };
    const asking = [asks(kept), asks(false), asks(false)];
    for (let changed = 0; changed < 5; changed++) {
      server.use(await issue());
      await send("GET", "/readyz", "", server.port);
    }
    const answers = (await Promise.all(asking)).flat();
    kept.destroy();
    await server.close();
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ serial }) => serial)).size).toBeGreaterThan(1);
  });

  test("that is not there is said with its path", async () => {
    const files = { certPath: "/nowhere/tls.crt", keyPath: "/nowhere/tls.key" };
    await expect(givenCertificates({ ...files, ...around })).rejects.toThrow(/cannot read \/nowhere\/tls.crt/);
  });

  test("of our own is renewed before it ends, by the same authority", async () => {
    const stop = new AbortController();
    let hours = 0;
    const now = () => new Date(Date.now() + hours * 3600_000);
    const sleep = async () => {
      hours += 24 * 40;
      if (hours > 24 * 400) stop.abort();
      stop.signal.throwIfAborted();
    };
    const certificates = await ownCertificates({ names, ...around, clock: { ...systemClock, now, sleep } });
    const renewed: KeyPair[] = [];
    await expect(certificates.follow((pair) => renewed.push(pair), stop.signal)).rejects.toThrow();
    expect(renewed).toHaveLength(1);
  });

  test("of our own goes into the bundle beside those of other replicas, and in place of what is not ours", async () => {
    const make = async (commonName: string) => (await createAuthority({ commonName, ...fresh })).certPem;
    const [first, second, foreign] = [await make(authorityName), await make(authorityName), await make("foreign")];
    const now = new Date();
    const alone = bundleWith(first, Buffer.from(`${foreign}no certificate`).toString("base64"), now);
    const both = bundleWith(second, alone, now);
    expect(text(alone)).toBe(first);
    expect(text(both)).toBe(second + first);
    expect(bundleWith(first, both, now)).toBe(both);
    const later = new Date(now.getTime() + 20 * 365 * 24 * 3600_000);
    expect(text(bundleWith(second, both, later))).toBe(second);
  });
});

const text = (bundle: string) => Buffer.from(bundle, "base64").toString("utf8");

describe("where API servers find the webhook", () => {
  test("is a service's name, or an address over HTTPS", () => {
    expect(reachedAt({ serviceName: "hook", serviceNamespace: "ns" }).names).toContain("hook.ns.svc");
    expect(reachedAt({ url: "https://[::1]:9443" })).toEqual({
      whereabouts: { url: "https://[::1]:9443/convert" },
      names: ["::1"],
    });
  });

  test.each(["http://a/convert", "https://a/elsewhere", "https://a/convert?x=y", "a"])("is never %s", (url) => {
    expect(() => reachedAt({ url })).toThrow(/cannot be the webhook's address: give one such as https/);
  });
});
