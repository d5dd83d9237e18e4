import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { things } from "../../testing/history-api.ts";
import {
  answer,
  failureIn,
  type ScriptedHttp,
  scriptedHttp,
  statusOf,
  storedThing,
} from "../../testing/scripted-http.ts";

const { signal } = new AbortController();
let http: ScriptedHttp;

beforeEach(async () => {
  http = await scriptedHttp();
});
afterEach(() => http.close());

describe("lists", () => {
  test("a list is read page by page, and its version is that of the first page", async () => {
    http.handler = (request, response) => {
      const next = new URL(request.url ?? "", http.address).searchParams.get("continue");
      answer(
        response,
        200,
        next
          ? { metadata: { resourceVersion: "5" }, items: [storedThing("b")] }
          : { metadata: { resourceVersion: "5", continue: "more&" }, items: [storedThing("a")] },
      );
    };
    const list = await http.client.list(things, { signal, labelSelector: "app in (a)" });
    expect(list.items.map((item) => item.metadata.name)).toEqual(["a", "b"]);
    expect(list.resourceVersion).toBe("5");
    expect(http.seen[1]?.url).toBe(
      "/apis/example.com/v1/things?labelSelector=app%20in%20(a)&limit=500&continue=more%26",
    );
  });

  test("a list whose version is given up between two pages is read again as one", async () => {
    http.handler = (request, response) => {
      const asked = new URL(request.url ?? "", http.address).searchParams;
      if (asked.has("continue")) return answer(response, 410, statusOf(410, "Expired", "too old"));
      if (asked.has("limit"))
        return answer(response, 200, { metadata: { resourceVersion: "5", continue: "c" }, items: [storedThing("a")] });
      return answer(response, 200, { metadata: { resourceVersion: "9" }, items: [storedThing("x"), storedThing("y")] });
    };
    const list = await http.client.list(things, { signal });
    expect([list.resourceVersion, list.items.length]).toEqual(["9", 2]);
  });

  test("items of built-in kinds, which come without it, get their kind and version", async () => {
    const { kind: _kind, apiVersion: _version, ...bare } = storedThing("a");
    http.handler = (_request, response) => answer(response, 200, { metadata: { resourceVersion: "5" }, items: [bare] });
    expect((await http.client.list(things, { signal })).items[0]).toMatchObject({
      kind: "Thing",
      apiVersion: "example.com/v1",
    });
  });
});

describe("watches", () => {
  const watched = async () => {
    const names: string[] = [];
    for await (const event of http.client.watch(things, { signal, resourceVersion: "5" }))
      names.push(`${event.type} ${event.object.metadata.resourceVersion}`);
    return names;
  };
  const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;

  test("events that arrive in pieces of any size come out whole, bookmarks included", async () => {
    http.handler = (_request, response) => {
      const bytes = Buffer.from(
        line("ADDED", storedThing("ä", "6")) + line("BOOKMARK", { metadata: { resourceVersion: "9" } }),
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
    expect(http.seen[0]?.url).toBe("/apis/example.com/v1/things?watch=true&allowWatchBookmarks=true&resourceVersion=5");
  });

  test.each([
    ["an expired version, told within the stream,", line("ERROR", statusOf(410, "Expired", "too old")), "expired"],
    ["a line that is not JSON", "{nonsense\n", "internal"],
    ["an event without an object", '{"type":"ADDED"}\n', "internal"],
    ["an event cut off in the middle", '{"type":"ADDED","obj', "unavailable"],
  ])("%s ends the watch with a failure", async (_name, text, code) => {
    http.handler = (_request, response) => response.end(text);
    expect(await failureIn(watched())).toMatchObject({ code });
  });

  test("a stream that is reset is a failure, and events before it were delivered", async () => {
    http.handler = (_request, response) => {
      response.write(line("ADDED", storedThing("a", "6")));
      setImmediate(() => response.destroy());
    };
    const events = http.client.watch(things, { signal, resourceVersion: "5" })[Symbol.asyncIterator]();
    expect((await events.next()).value.type).toBe("ADDED");
    expect(await failureIn(events.next())).toMatchObject({ code: "unavailable" });
  });

  test("a hundred open watches leave room for requests", async () => {
    http.handler = (request, response) =>
      request.url?.includes("watch") ? response.flushHeaders() : answer(response, 200, storedThing("a"));
    const stop = new AbortController();
    const watches = Array.from({ length: 100 }, async () => {
      for await (const _event of http.client.watch(things, { signal: stop.signal, resourceVersion: "5" }));
    });
    await expect.poll(() => http.seen.length).toBe(100);
    await http.client.get(things, { namespace: "demo", name: "a" }, { signal });
    stop.abort();
    const codes = await Promise.all(watches.map((each) => failureIn(each).then((failure) => failure.code)));
    expect(new Set(codes)).toEqual(new Set(["cancelled"]));
  });
});
