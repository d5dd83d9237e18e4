import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { systemRandom } from "../../lib/random.ts";
import { things } from "../../testing/history-api.ts";
import {
  answer,
  failureIn,
  type ScriptedHttp,
  scriptedHttp,
  statusOf,
  storedThing,
} from "../../testing/scripted-http.ts";
import { bearer, type Credential, fixedCredentials } from "./connection.ts";
import { kubeClient } from "./kube-client.ts";

const { signal } = new AbortController();
let http: ScriptedHttp;

beforeEach(async () => {
  http = await scriptedHttp();
});
afterEach(() => http.close());

describe("requests", () => {
  test("an object is read with its 64-bit integers whole, with the token and the user agent shown", async () => {
    http.handler = (_request, response) =>
      answer(response, 200, JSON.stringify(storedThing("a")).replace('"size":1', '"size":9007199254740993'));
    const found = await http.client.get(things, { namespace: "demo", name: "a" }, { signal });
    expect(found.spec.size).toBe(9007199254740993n);
    expect(http.seen[0]?.url).toBe("/apis/example.com/v1/namespaces/demo/things/a");
    expect(http.seen[0]?.headers).toMatchObject({ authorization: "Bearer s3cret", "user-agent": "groupsnap-test" });
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
      const status = { ...statusOf(code, reason, "because"), details: { name: "a", kind: "things" } };
      http.handler = (_request, response) => answer(response, code, status);
      const failure = await failureIn(http.client.create(things, storedThing("a") as never, { signal }));
      expect(failure.code).toBe(expected);
      expect(failure.message).toContain(`cannot create things.example.com demo/a: because (${code} ${reason})`);
      expect(failure).toHaveProperty("details.reason", reason);
    },
  );

  test("an answer that is a proxy's page and no Status still gives the code of its number", async () => {
    http.handler = (_request, response) => answer(response, 502, "<html>bad gateway</html>");
    expect(await failureIn(http.client.get(things, { namespace: "demo", name: "a" }, { signal }))).toMatchObject({
      code: "unavailable",
    });
  });

  test.each([
    ["a page of its web server", "404 page not found"],
    ["a Status that names no object", JSON.stringify(statusOf(404, "NotFound", "no such path"))],
  ])(
    "an object of a kind that is not served is not called missing, where the server answers with %s",
    async (_, page) => {
      http.handler = (_request, response) => answer(response, 404, page);
      const failure = await failureIn(http.client.find(things, { namespace: "demo", name: "a" }, { signal }));
      expect(failure.code).toBe("unavailable");
      expect(failure.message).toMatch(
        /get things.example.com demo\/a.*not served in version v1: install its CustomRes/,
      );
    },
  );

  test("a busy server is asked again when it said so, and the caller never knows", async () => {
    http.handler = (_request, response) =>
      http.seen.length < 3
        ? answer(response, 429, statusOf(429, "TooManyRequests", "busy"), { "retry-after": "0" })
        : answer(response, 200, storedThing("a"));
    const found = await http.client.patch(
      things,
      { namespace: "demo", name: "a" },
      { type: "merge", patch: {} },
      { signal },
    );
    expect(found.metadata.name).toBe("a");
    expect(http.seen).toHaveLength(3);
  });

  test("an answer of 401 says which of the credentials to renew, and shows nothing of them", async () => {
    http.handler = (_request, response) => answer(response, 401, statusOf(401, "Unauthorized", "no"));
    const failure = await failureIn(http.client.get(things, { namespace: "demo", name: "a" }, { signal }));
    expect(failure.message).toMatch(/; the server does not take the token or password: renew it$/);
    expect(failure.message).not.toContain("s3cret");
  });

  test("a token that the server refuses is renewed once, by all who were refused together", async () => {
    let tokens = 1;
    let credential = bearer("token 1");
    const renewing = {
      current: () => Promise.resolve(credential),
      renew: (refused: Credential) => {
        if (refused === credential) credential = bearer(`token ${++tokens}`);
        return true;
      },
    };
    const config = { server: http.address, tls: {}, credentials: renewing, namespace: "default" };
    const renewed = kubeClient({ config, userAgent: "groupsnap-test", clock: systemClock, random: systemRandom });
    http.handler = (request, response) =>
      request.headers.authorization === "Bearer token 1"
        ? answer(response, 401, statusOf(401, "Unauthorized", "no"))
        : answer(response, 200, storedThing("a"));
    await Promise.all([1, 2, 3].map(() => renewed.get(things, { namespace: "demo", name: "a" }, { signal })));
    expect([http.seen.length, tokens]).toEqual([6, 2]);
    http.handler = (_request, response) => answer(response, 401, statusOf(401, "Unauthorized", "no"));
    const failure = await failureIn(renewed.get(things, { namespace: "demo", name: "a" }, { signal }));
    expect([failure.code, http.seen.length]).toEqual(["unauthenticated", 8]);
    renewed.close();
  });

  test("a server that wants an hour of patience is reported at once, with its wish", async () => {
    http.handler = (_request, response) =>
      answer(response, 429, statusOf(429, "TooManyRequests", "busy"), { "retry-after": "3600" });
    const failure = await failureIn(http.client.get(things, { namespace: "demo", name: "a" }, { signal }));
    expect(failure).toMatchObject({ code: "exhausted", retryAfterMs: 3_600_000 });
  });

  test("a read on a kept connection that the server closed is repeated, a create is not", async () => {
    http.handler = (_request, response) => answer(response, 200, storedThing("a"));
    await http.client.get(things, { namespace: "demo", name: "a" }, { signal });
    http.handler = (request, response) =>
      http.seen.length === 2 ? request.socket.destroy() : answer(response, 200, storedThing("a"));
    await http.client.get(things, { namespace: "demo", name: "a" }, { signal });
    expect(http.seen).toHaveLength(3);
    http.handler = (request) => request.socket.destroy();
    const failure = await failureIn(http.client.create(things, storedThing("a") as never, { signal }));
    expect(failure.code).toBe("unavailable");
    expect(failure.message).toContain(`cannot create things.example.com demo/a at ${http.address}`);
    expect(http.seen).toHaveLength(4);
  });

  test("no message of any failure carries the token", async () => {
    http.handler = (request) => request.socket.destroy();
    const failure = await failureIn(http.client.get(things, { namespace: "demo", name: "a" }, { signal }));
    expect(`${failure.stack} ${JSON.stringify(failure)} ${String(failure.cause)}`).not.toContain("s3cret");
  });

  test("an aborted call ends at once as cancelled", async () => {
    const stop = new AbortController();
    http.handler = () => stop.abort();
    expect(
      await failureIn(http.client.get(things, { namespace: "demo", name: "a" }, { signal: stop.signal })),
    ).toMatchObject({
      code: "cancelled",
    });
  });

  test("an http.address where nothing listens is named, with what to check", async () => {
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
    const failure = await failureIn(nowhere.get(things, { namespace: "demo", name: "a" }, { signal }));
    expect(failure.message).toMatch(/at http:\/\/127.0.0.1:1: .*; nothing listens there/);
  });

  test("names that would lead to another path are refused before they are sent", async () => {
    const failure = await failureIn(
      (async () => http.client.get(things, { namespace: "..", name: "a" }, { signal }))(),
    );
    expect(failure.code).toBe("invalid");
  });
});
