import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { type RawClient, rawClient } from "../../testing/raw-client.ts";
import { widgets } from "../../testing/widgets.ts";

let api: ThrowAwayApi;
let client: RawClient;
beforeAll(async () => {
  api = await throwAwayApi({ crds: [widgets] });
  client = rawClient(api);
  await client.send("POST", things, {
    body: '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":1}}',
  });
  await client.send("POST", maps, { body: '{"metadata":{"name":"m"}}' });
});
afterAll(async () => {
  client.close();
  await api.stop();
});

const maps = "/api/v1/namespaces/default/configmaps";
const things = "/apis/example.com/v1/namespaces/default/widgets";
const widget =
  '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"odd"},"spec":{"size":1,"size":2,"x":1},"y":1}';
const map = '{"metadata":{"name":"odd"},"data":{"a":"1","a":"2"},"foo":1}';
const yaml = "metadata:\n  name: odd\ndata:\n  a: '1'\n  a: '2'\nfoo: 1\n";

const bodies = [
  [
    "a custom resource",
    things,
    widget,
    "application/json",
    ['duplicate field "spec.size"', 'unknown field "spec.x"', 'unknown field "y"'],
  ],
  ["a config map", maps, map, "application/json", ['duplicate field "data.a"', 'unknown field "foo"']],
  [
    "a config map in YAML",
    maps,
    yaml,
    "application/yaml",
    ['line 5: key "a" already set in map', 'unknown field "foo"'],
  ],
] as const;

const patches = [
  [
    "a merge patch",
    `${things}/w`,
    '{"spec":{"size":1,"size":3,"x":1}}',
    "application/merge-patch+json",
    ['duplicate field "spec.size"', 'unknown field "spec.x"'],
  ],
  [
    "a strategic merge patch",
    `${maps}/m`,
    '{"data":{"a":"1","a":"3"},"foo":1}',
    "application/strategic-merge-patch+json",
    ['duplicate field "data.a"', 'unknown field "foo"'],
  ],
  [
    "a JSON patch",
    `${maps}/m`,
    '[{"op":"add","path":"/foo","value":1,"op":"add"}]',
    "application/json-patch+json",
    ['json patch duplicate field "[0].op"', 'unknown field "foo"'],
  ],
] as const;

describe("what a body says twice, or nobody knows", () => {
  test.each(bodies)("in %s is refused under Strict", async (_what, path, body, contentType, problems) => {
    const answer = await client.send("POST", `${path}?fieldValidation=Strict`, { body, contentType });
    const kind = path === maps ? "ConfigMap" : "Widget";
    expect([answer.code, answer.body.message]).toEqual([
      400,
      `${kind} in version "v1" cannot be handled as a ${kind}: strict decoding error: ${problems.join(", ")}`,
    ]);
  });

  test.each(patches)("in %s is 422 under Strict", async (_what, path, body, contentType, problems) => {
    const answer = await client.send("PATCH", `${path}?fieldValidation=Strict`, { body, contentType });
    expect([answer.code, answer.body.details]).toEqual([
      422,
      {
        causes: [
          {
            reason: "FieldValueInvalid",
            field: "patch",
            message: expect.stringContaining(`strict decoding error: ${problems.join(", ")}`),
          },
        ],
      },
    ]);
    expect(answer.body.message).toMatch(/^ "" is invalid: patch: Invalid value: "\{/);
  });

  test.each([...bodies, ...patches])(
    "in %s is warned of otherwise, and the last word counts",
    async (_what, path, body, contentType, problems) => {
      const isPatch = contentType.includes("patch");
      const options = { body, contentType };
      const answer = await client.send(isPatch ? "PATCH" : "POST", `${path}?dryRun=All`, options);
      expect(answer.headers.warning).toBe(problems.map((problem) => `299 - ${JSON.stringify(problem)}`).join(", "));
      expect(JSON.stringify(answer.body)).toMatch(isPatch ? /"size":3|"a":"3"|"name":"m"/ : /"size":2|"a":"2"/);
      const ignored = await client.send(
        isPatch ? "PATCH" : "POST",
        `${path}?dryRun=All&fieldValidation=Ignore`,
        options,
      );
      expect([ignored.code < 300, ignored.headers.warning]).toEqual([true, undefined]);
    },
  );
});

test("an object asked for in a version from the future is 504", async () => {
  const answer = await client.send("GET", `${maps}/m?resourceVersion=999999`);
  expect(answer.body).toMatchObject({
    code: 504,
    message: expect.stringMatching(/^Timeout: Too large resource version: 999999/),
  });
  expect((await client.send("GET", `${maps}/m?resourceVersion=1`)).code).toBe(200);
});
