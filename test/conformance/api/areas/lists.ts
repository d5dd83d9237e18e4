import { expect } from "vitest";
import type { RawAnswer } from "../../../../src/testing/raw-client.ts";
import { type Api, type Made, objectOf } from "../api.ts";
import { area } from "../area.ts";
import { gadget, map } from "../objects.ts";

export const lists = area("lists");
const { test } = lists;

interface List {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly Made[];
}

const listOf = ({ body }: RawAnswer) => body as unknown as List;
const namesOf = (answer: RawAnswer) => listOf(answer).items.map(({ metadata }) => metadata.name);

const makeMaps = async ({ make, maps }: Api, names: readonly string[], labels: object = {}) => {
  for (const name of names) await make(maps, map(name, {}, { labels: { name, ...labels } }));
};

test("a list is ordered by name, and its built-in items carry neither kind nor version", async (api) => {
  await makeMaps(api, ["b", "a", "c"]);
  const answer = await api.get(api.maps);
  expect(answer.body).toMatchObject({ kind: "ConfigMapList", apiVersion: "v1" });
  expect(namesOf(answer)).toEqual(["a", "b", "c"]);
  expect(listOf(answer).items.map(({ kind, apiVersion }) => [kind, apiVersion])).toEqual(
    Array(3).fill([undefined, undefined]),
  );
});

test("the items of a custom kind's list carry kind and version", async ({ make, get, gadgets }) => {
  await make(gadgets, gadget("one"));
  const { body } = await get(gadgets);
  expect(body).toMatchObject({
    kind: "GadgetList",
    apiVersion: "example.net/v1",
    items: [{ kind: "Gadget", apiVersion: "example.net/v1" }],
  });
});

test("an empty list tells the version of the store, and its items are an empty list (surprise 6)", async ({
  make,
  get,
  maps,
  here,
}) => {
  const { metadata } = await make(maps, map("one"));
  const { body } = await get(`/api/v1${here}/secrets`);
  expect(body.items).toEqual([]);
  const { resourceVersion } = (body as unknown as List).metadata;
  expect(Number(resourceVersion)).toBeGreaterThanOrEqual(Number(metadata.resourceVersion));
});

test("pages show the state and carry the version of the first, whatever is written in between (surprise 6)", async (api) => {
  await makeMaps(api, ["a", "b", "c", "d"]);
  const first = await api.get(`${api.maps}?limit=2`);
  expect(namesOf(first)).toEqual(["a", "b"]);
  expect(listOf(first).metadata.remainingItemCount).toBe(2);
  await api.delete(`${api.maps}/c`);
  await makeMaps(api, ["cc", "e"]);
  const token = encodeURIComponent(String(listOf(first).metadata.continue));
  const second = await api.get(`${api.maps}?limit=2&continue=${token}`);
  expect(namesOf(second)).toEqual(["c", "d"]);
  expect(listOf(second).metadata).toEqual({ resourceVersion: listOf(first).metadata.resourceVersion });
  expect(namesOf(await api.get(api.maps))).toEqual(["a", "b", "cc", "d", "e"]);
});

test("a limit that everything fits in leaves nothing to continue", async (api) => {
  await makeMaps(api, ["a", "b"]);
  const { metadata } = listOf(await api.get(`${api.maps}?limit=2`));
  expect(metadata).toEqual({ resourceVersion: metadata.resourceVersion });
});

test("pages of a selection do not count what remains", async (api) => {
  await makeMaps(api, ["a", "b", "c"], { kept: "yes" });
  await makeMaps(api, ["bb"]);
  const first = await api.get(`${api.maps}?limit=2&labelSelector=kept`);
  expect(namesOf(first)).toEqual(["a", "b"]);
  expect(listOf(first).metadata.remainingItemCount).toBe(undefined);
  const token = encodeURIComponent(String(listOf(first).metadata.continue));
  expect(namesOf(await api.get(`${api.maps}?limit=2&labelSelector=kept&continue=${token}`))).toEqual(["c"]);
});

test("a continue token that nobody gave is 400", async ({ get, maps }) => {
  const answer = await get(`${maps}?limit=1&continue=nonsense`);
  expect(answer.code).toBe(400);
  expect(answer.body.message).toMatch(/continue/);
});

test("a page cannot be asked for at a version of one's own", async (api) => {
  await makeMaps(api, ["a", "b"]);
  const first = listOf(await api.get(`${api.maps}?limit=1`));
  const token = encodeURIComponent(String(first.metadata.continue));
  const answer = await api.get(
    `${api.maps}?limit=1&continue=${token}&resourceVersion=${first.metadata.resourceVersion}`,
  );
  expect(answer.code).toBe(400);
});

test("a page whose past is gone is 410 Expired, with a token to go on from the present", async (api) => {
  await makeMaps(api, ["a", "b", "c"]);
  const first = listOf(await api.get(`${api.maps}?limit=1`));
  const forgotten = await api.server.forget();
  expect(forgotten).toBeGreaterThan(Number(first.metadata.resourceVersion));
  const token = encodeURIComponent(String(first.metadata.continue));
  const gone = await untilGone(api, `${api.maps}?limit=1&continue=${token}`);
  expect(gone.body).toMatchObject({ kind: "Status", reason: "Expired", code: 410 });
  const instead = encodeURIComponent(String(listOf(gone).metadata.continue));
  expect(namesOf(await api.get(`${api.maps}?limit=5&continue=${instead}`))).toEqual(["b", "c"]);
});

async function untilGone({ get }: Api, path: string): Promise<RawAnswer> {
  for (;;) {
    const answer = await get(path);
    if (answer.code !== 200) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100)); // a server may notice late that its store has forgotten
  }
}

test("a list at an exact version shows what was there then", async (api) => {
  const { metadata } = await api.make(api.maps, map("a"));
  await makeMaps(api, ["b"]);
  const answer = await api.get(`${api.maps}?resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`);
  expect(namesOf(answer)).toEqual(["a"]);
  expect(listOf(answer).metadata.resourceVersion).toBe(metadata.resourceVersion);
});

test("a list not older than a version shows that or something newer", async (api) => {
  const { metadata } = await api.make(api.maps, map("a"));
  for (const query of ["", "&resourceVersionMatch=NotOlderThan"]) {
    const answer = await api.get(`${api.maps}?resourceVersion=${metadata.resourceVersion}${query}`);
    expect(namesOf(answer)).toEqual(["a"]);
    expect(Number(listOf(answer).metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(metadata.resourceVersion));
  }
});

test("a list at a version of the future is 504 with a cause and a hint when to come again (surprise 5)", async ({
  get,
  maps,
}) => {
  const answer = await get(`${maps}?resourceVersion=99999999`);
  expect(answer.code).toBe(504);
  expect(answer.body).toMatchObject({
    reason: "Timeout",
    message: expect.stringMatching(/Too large resource version: 99999999, current: \d+$/),
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  });
});

test("a way to match versions needs a version, and exactly zero is no version", async ({ get, maps }) => {
  const answers = await Promise.all(
    [
      "resourceVersionMatch=Exact",
      "resourceVersion=0&resourceVersionMatch=Exact",
      "resourceVersion=1&resourceVersionMatch=About",
    ].map((query) => get(`${maps}?${query}`)),
  );
  expect(answers.map(({ code, body }) => `${code} ${body.reason}`)).toEqual(Array(3).fill("422 Invalid"));
});

test("labels select by equality, by sets and by being there", async (api) => {
  await makeMaps(api, ["a"], { tier: "web", live: "" });
  await makeMaps(api, ["b"], { tier: "db" });
  await makeMaps(api, ["c"]);
  const select = async (selector: string) =>
    namesOf(await api.get(`${api.maps}?labelSelector=${encodeURIComponent(selector)}`)).join();
  expect(await select("tier=web")).toBe("a");
  expect(await select("tier!=web")).toBe("b,c");
  expect(await select("tier in (web,db),name notin (b)")).toBe("a");
  expect(await select("tier notin (web)")).toBe("b,c");
  expect(await select("live")).toBe("a");
  expect(await select("!tier")).toBe("c");
  expect(await select("live=")).toBe("a");
});

test("fields select names and namespaces of any kind", async (api) => {
  await makeMaps(api, ["a", "b"]);
  const select = async (path: string, selector: string) =>
    namesOf(await api.get(`${path}?fieldSelector=${encodeURIComponent(selector)}`)).join();
  expect(await select(api.maps, "metadata.name=a")).toBe("a");
  expect(await select(api.maps, "metadata.name!=a")).toBe("b");
  expect(await select("/api/v1/configmaps", `metadata.namespace=${api.namespace},metadata.name==b`)).toBe("b");
});

test("fields select what a custom kind says can be selected, and nothing else", async ({ make, get, gadgets }) => {
  await make(gadgets, gadget("red", { size: 1, color: "red" }));
  await make(gadgets, gadget("green"));
  expect(namesOf(await get(`${gadgets}?fieldSelector=spec.color%3Dred`))).toEqual(["red"]);
  const refused = await get(`${gadgets}?fieldSelector=spec.size%3D1`);
  expect(refused.code).toBe(400);
  expect(refused.body.message).toContain("field label not supported: spec.size");
});

test("secrets are selected by their type", async ({ make, get, here }) => {
  const secrets = `/api/v1${here}/secrets`;
  await make(secrets, { metadata: { name: "a" }, type: "example.net/kind" });
  await make(secrets, { metadata: { name: "b" } });
  expect(namesOf(await get(`${secrets}?fieldSelector=type%3DOpaque`))).toEqual(["b"]);
});

test("a list over all namespaces holds each namespace's objects", async (api) => {
  await makeMaps(api, ["mine"]);
  const { items } = listOf(await api.get("/api/v1/configmaps?labelSelector=name%3Dmine"));
  expect(items.map(({ metadata }) => metadata.namespace)).toContain(api.namespace);
});

test("a list of a namespace that is not there is empty, not an error", async ({ get }) => {
  const answer = await get("/api/v1/namespaces/nowhere/configmaps");
  expect([answer.code, listOf(answer).items]).toEqual([200, []]);
});

test("an object can be read at least as new as a version, and one from the future is 504", async ({
  make,
  get,
  maps,
}) => {
  const { metadata } = await make(maps, map("a"));
  expect(objectOf(await get(`${maps}/a?resourceVersion=${metadata.resourceVersion}`)).metadata.uid).toBe(metadata.uid);
  expect((await get(`${maps}/a?resourceVersion=0`)).code).toBe(200);
  expect((await get(`${maps}/a?resourceVersion=99999999`)).code).toBe(504);
});
