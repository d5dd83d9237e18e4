import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { systemRandom } from "../../lib/random.ts";
import type { KubeObject, Resource } from "../object.ts";
import { bearer, fixedCredentials } from "./connection.ts";
import { type KubeClient, kubeClient } from "./kube-client.ts";

interface Thing extends KubeObject {
  readonly spec: { readonly size: number | bigint };
}
const things: Resource<Thing> = {
  group: "example.com",
  version: "v1",
  plural: "things",
  kind: "Thing",
  namespaced: true,
};
const signal = new AbortController().signal;
const thing = (name: string, resourceVersion = "1", size: number | bigint = 1) => ({
  apiVersion: "example.com/v1",
  kind: "Thing",
  spec: { size },
  metadata: { name, namespace: "demo", uid: `uid-${name}`, resourceVersion, creationTimestamp: "2026-01-01T00:00:00Z" },
});
const status = (code: number, reason: string, message: string, details?: object) => ({
  apiVersion: "v1",
  kind: "Status",
  metadata: {},
  status: "Failure",
  code,
  reason,
  message,
  ...(details && { details }),
});

type Handler = (request: IncomingMessage & { text: string }, response: ServerResponse) => void;
let server: Server;
let handler: Handler;
let seen: (IncomingMessage & { text: string })[];
let client: KubeClient;
let address: string;

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const received = Object.assign(request, { text: Buffer.concat(chunks).toString() });
      seen.push(received);
      handler(received, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = kubeClient({
    config: { server: address, tls: {}, credentials: fixedCredentials(bearer("s3cret")), namespace: "default" },
    userAgent: "groupsnap-test",
    clock: systemClock,
    random: systemRandom,
  });
});
afterEach(() => {
  client.close();
  server.closeAllConnections();
  server.close();
});

const answer = (response: ServerResponse, code: number, body: unknown, headers = {}) =>
  response
    .writeHead(code, { "content-type": "application/json", ...headers })
    .end(typeof body === "string" ? body : JSON.stringify(body));
const failed = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error) => error,
  );

describe("requests", () => {
  test("an object is read with its 64-bit integers whole, with the token and the user agent shown", async () => {
    handler = (_request, response) =>
      answer(response, 200, JSON.stringify(thing("a", "7", 0)).replace('"size":0', '"size":9007199254740993'));
    const found = await client.get(things, { namespace: "demo", name: "a" }, { signal });
    expect(found.spec.size).toBe(9007199254740993n);
    expect(seen[0]?.url).toBe("/apis/example.com/v1/namespaces/demo/things/a");
    expect(seen[0]?.headers).toMatchObject({ authorization: "Bearer s3cret", "user-agent": "groupsnap-test" });
  });

  test.each([
    [400, "BadRequest", "invalid"],
    [401, "Unauthorized", "unauthenticated"],
    [403, "Forbidden", "forbidden"],
    [404, "NotFound", "notFound"],
    [409, "AlreadyExists", "exists"],
    [409, "Conflict", "conflict"],
    [410, "Expired", "expired"],
    [413, "RequestEntityTooLarge", "tooLarge"],
    [422, "Invalid", "invalid"],
    [500, "InternalError", "internal"],
    [503, "ServiceUnavailable", "unavailable"],
    [504, "Timeout", "timeout"],
  ])(
    "an answer of %i %s becomes a failure of its code that names verb, resource and object",
    async (code, reason, expected) => {
      handler = (_request, response) => answer(response, code, status(code, reason, "because"));
      const failure = await failed(client.create(things, thing("a") as never, { signal }));
      expect(failure.code).toBe(expected);
      expect(failure.message).toBe(`cannot create things.example.com demo/a: because (${code} ${reason})`);
      expect(failure.details.reason).toBe(reason);
    },
  );

  test("an answer that is a proxy's page and no Status still gives the code of its number", async () => {
    handler = (_request, response) => answer(response, 502, "<html>bad gateway</html>");
    expect(await failed(client.get(things, { namespace: "demo", name: "a" }, { signal }))).toMatchObject({
      code: "unavailable",
    });
  });

  test("a busy server is asked again when it said so, and the caller never knows", async () => {
    handler = (_request, response) =>
      seen.length < 3
        ? answer(response, 429, status(429, "TooManyRequests", "busy"), { "retry-after": "0" })
        : answer(response, 200, thing("a"));
    const found = await client.patch(
      things,
      { namespace: "demo", name: "a" },
      { type: "merge", patch: {} },
      { signal },
    );
    expect(found.metadata.name).toBe("a");
    expect(seen).toHaveLength(3);
  });

  test("a server that wants an hour of patience is reported at once, with its wish", async () => {
    handler = (_request, response) =>
      answer(response, 429, status(429, "TooManyRequests", "busy"), { "retry-after": "3600" });
    const failure = await failed(client.get(things, { namespace: "demo", name: "a" }, { signal }));
    expect(failure).toMatchObject({ code: "exhausted", retryAfterMs: 3_600_000 });
  });

  test("a read on a kept connection that the server closed is repeated, a create is not", async () => {
    handler = (_request, response) => answer(response, 200, thing("a"));
    await client.get(things, { namespace: "demo", name: "a" }, { signal });
    handler = (request, response) => (seen.length === 2 ? request.socket.destroy() : answer(response, 200, thing("a")));
    await client.get(things, { namespace: "demo", name: "a" }, { signal });
    expect(seen).toHaveLength(3);
    handler = (request) => request.socket.destroy();
    const failure = await failed(client.create(things, thing("a") as never, { signal }));
    expect(failure.code).toBe("unavailable");
    expect(failure.message).toContain(`cannot create things.example.com demo/a at ${address}`);
    expect(seen).toHaveLength(4);
  });

  test("no message of any failure carries the token", async () => {
    handler = (request) => request.socket.destroy();
    const failure = await failed(client.get(things, { namespace: "demo", name: "a" }, { signal }));
    expect(`${failure.stack} ${JSON.stringify(failure)} ${failure.cause.stack}`).not.toContain("s3cret");
  });

  test("an aborted call ends at once as cancelled", async () => {
    const stop = new AbortController();
    handler = () => stop.abort();
    expect(await failed(client.get(things, { namespace: "demo", name: "a" }, { signal: stop.signal }))).toMatchObject({
      code: "cancelled",
    });
  });

  test("an address where nothing listens is named, with what to check", async () => {
    const nowhere = kubeClient({
      config: {
        server: "http://127.0.0.1:1",
        tls: {},
        credentials: fixedCredentials(bearer("x")),
        namespace: "default",
      },
      userAgent: "groupsnap-test",
      clock: systemClock,
      random: systemRandom,
    });
    const failure = await failed(nowhere.get(things, { namespace: "demo", name: "a" }, { signal }));
    expect(failure.message).toMatch(/at http:\/\/127.0.0.1:1: .*; nothing listens there/);
  });

  test("names that would lead to another path are refused before they are sent", async () => {
    const failure = await failed((async () => client.get(things, { namespace: "..", name: "a" }, { signal }))());
    expect(failure.code).toBe("invalid");
  });
});

describe("lists", () => {
  test("a list is read page by page, and its version is that of the first page", async () => {
    handler = (request, response) => {
      const next = new URL(request.url ?? "", address).searchParams.get("continue");
      answer(
        response,
        200,
        next
          ? { metadata: { resourceVersion: "5" }, items: [thing("b")] }
          : { metadata: { resourceVersion: "5", continue: "more&" }, items: [thing("a")] },
      );
    };
    const list = await client.list(things, { signal, labelSelector: "app in (a)" });
    expect(list.items.map((item) => item.metadata.name)).toEqual(["a", "b"]);
    expect(list.resourceVersion).toBe("5");
    expect(seen[1]?.url).toBe("/apis/example.com/v1/things?labelSelector=app%20in%20(a)&limit=500&continue=more%26");
  });

  test("a list whose version is given up between two pages is read again as one", async () => {
    handler = (request, response) => {
      const asked = new URL(request.url ?? "", address).searchParams;
      if (asked.has("continue")) return answer(response, 410, status(410, "Expired", "too old"));
      if (asked.has("limit"))
        return answer(response, 200, { metadata: { resourceVersion: "5", continue: "c" }, items: [thing("a")] });
      return answer(response, 200, { metadata: { resourceVersion: "9" }, items: [thing("x"), thing("y")] });
    };
    const list = await client.list(things, { signal });
    expect([list.resourceVersion, list.items.length]).toEqual(["9", 2]);
  });

  test("items of built-in kinds, which come without it, get their kind and version", async () => {
    const { kind: _kind, apiVersion: _version, ...bare } = thing("a");
    handler = (_request, response) => answer(response, 200, { metadata: { resourceVersion: "5" }, items: [bare] });
    expect((await client.list(things, { signal })).items[0]).toMatchObject({
      kind: "Thing",
      apiVersion: "example.com/v1",
    });
  });
});

describe("watches", () => {
  const watched = async () => {
    const names: string[] = [];
    for await (const event of client.watch(things, { signal, resourceVersion: "5" }))
      names.push(`${event.type} ${event.object.metadata.resourceVersion}`);
    return names;
  };
  const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;

  test("events that arrive in pieces of any size come out whole, bookmarks included", async () => {
    handler = (_request, response) => {
      const bytes = Buffer.from(
        line("ADDED", thing("ä", "6")) + line("BOOKMARK", { metadata: { resourceVersion: "9" } }),
      );
      const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(i * 7, i * 7 + 7));
      const next = () => {
        const piece = pieces.shift();
        if (!piece) return response.end();
        response.write(piece);
        return setImmediate(next);
      };
      next();
    };
    expect(await watched()).toEqual(["ADDED 6", "BOOKMARK 9"]);
    expect(seen[0]?.url).toBe("/apis/example.com/v1/things?watch=true&allowWatchBookmarks=true&resourceVersion=5");
  });

  test.each([
    ["an expired version, told within the stream,", line("ERROR", status(410, "Expired", "too old")), "expired"],
    ["a line that is not JSON", "{nonsense\n", "internal"],
    ["an event without an object", '{"type":"ADDED"}\n', "internal"],
    ["an event cut off in the middle", '{"type":"ADDED","obj', "unavailable"],
  ])("%s ends the watch with a failure", async (_name, text, code) => {
    handler = (_request, response) => response.end(text);
    expect(await failed(watched())).toMatchObject({ code });
  });

  test("a stream that is reset is a failure, and events before it were delivered", async () => {
    handler = (_request, response) => {
      response.write(line("ADDED", thing("a", "6")));
      setImmediate(() => response.destroy());
    };
    const events = client.watch(things, { signal, resourceVersion: "5" })[Symbol.asyncIterator]();
    expect((await events.next()).value.type).toBe("ADDED");
    expect(await failed(events.next())).toMatchObject({ code: "unavailable" });
  });

  test("a hundred open watches leave room for requests", async () => {
    handler = (request, response) =>
      request.url?.includes("watch") ? response.flushHeaders() : answer(response, 200, thing("a"));
    const stop = new AbortController();
    const watches = Array.from({ length: 100 }, async () => {
      for await (const _event of client.watch(things, { signal: stop.signal, resourceVersion: "5" }));
    });
    await expect.poll(() => seen.length).toBe(100);
    await client.get(things, { namespace: "demo", name: "a" }, { signal });
    stop.abort();
    const codes = await Promise.all(watches.map((each) => failed(each).then((failure) => failure.code)));
    expect(new Set(codes)).toEqual(new Set(["cancelled"]));
  });
});
