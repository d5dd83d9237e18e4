import { expect, vi } from "vitest";
import type { JsonObject } from "../../../../src/lib/json.ts";
import { type Api, objectOf, waitLimitMs } from "../api.ts";
import { area } from "../area.ts";
import { type Definition, define, definitionOf, definitionsPath, ownGroup, pathOf } from "../kinds.ts";
import { map } from "../objects.ts";

export const definitions = area("custom resource definitions");
const { test } = definitions;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

const pathTo = ({ metadata }: Definition) => `${definitionsPath}/${metadata.name}`;

async function conditionOf({ get }: Api, definition: Definition, type: string): Promise<string> {
  const { status } = objectOf(await get(pathTo(definition))) as { status?: { conditions?: readonly Condition[] } };
  const found = status?.conditions?.find((condition) => condition.type === type);
  return `${found?.status} ${found?.reason}`;
}

const becomes = (api: Api, definition: Definition, type: string, value: string) =>
  vi.waitFor(async () => expect(await conditionOf(api, definition, type)).toBe(value), {
    timeout: waitLimitMs,
    interval: 50,
  });

test("a definition is established once its names are accepted, and its kind is served", async (api) => {
  const lamps = definitionOf("lamps", "Lamp");
  await define(api, lamps);
  expect(await conditionOf(api, lamps, "NamesAccepted")).toBe("True NoConflicts");
  expect(await conditionOf(api, lamps, "Established")).toBe("True InitialNamesAccepted");
  const { status } = objectOf(await api.get(pathTo(lamps)));
  expect(status).toMatchObject({
    acceptedNames: { plural: "lamps", singular: "lamp", kind: "Lamp", listKind: "LampList" },
    storedVersions: ["v1"],
  });
});

test("a kind may be served a moment after it is established: until then it is 404 or 429 (surprise 16)", async (api) => {
  const bells = definitionOf("bells", "Bell");
  await api.make(definitionsPath, bells);
  await becomes(api, bells, "Established", "True InitialNamesAccepted");
  const codes: number[] = [];
  await vi.waitFor(
    async () => {
      codes.push((await api.get(pathOf(bells, "v1"))).code);
      expect(codes.at(-1)).toBe(200);
    },
    { timeout: waitLimitMs, interval: 50 },
  );
  expect(codes.filter((code) => ![200, 404, 429].includes(code))).toEqual([]);
});

test("a deprecated version without words of its own warns in the server's", async (api) => {
  const clocks = definitionOf("clocks", "Clock");
  const [v1] = clocks.spec.versions;
  await define(api, { ...clocks, spec: { ...clocks.spec, versions: [{ ...v1, deprecated: true }] } });
  const { headers } = await api.get(pathOf(clocks, "v1"));
  expect(headers.warning).toBe(`299 - "${ownGroup}/v1 Clock is deprecated"`);
});

test("names that are left out come from the kind", async (api) => {
  const chairs = definitionOf("chairs", "Chair");
  await define(api, chairs);
  const { spec } = objectOf(await api.get(pathTo(chairs)));
  expect(spec).toMatchObject({
    names: { plural: "chairs", singular: "chair", kind: "Chair", listKind: "ChairList" },
    conversion: { strategy: "None" },
  });
});

test("a kind whose names are taken is not accepted, and says why", async (api) => {
  await define(api, definitionOf("doors", "Door"));
  const second = definitionOf("entries", "Door");
  expect((await api.post(definitionsPath, second)).code).toBe(201);
  await becomes(api, second, "NamesAccepted", "False ListKindConflict");
  expect(await conditionOf(api, second, "Established")).toBe("False NotAccepted");
  expect((await api.get(pathOf(second, "v1"))).code).toBe(404);
});

test("a definition's name is its plural and its group", async ({ post }) => {
  const answer = await post(definitionsPath, {
    ...definitionOf("tables", "Table"),
    metadata: { name: `other.${ownGroup}` },
  });
  expect([answer.code, answer.body.reason]).toEqual([422, "Invalid"]);
  expect(answer.body.message).toContain('must be spec.names.plural+"."+spec.group');
});

const schemas: readonly (readonly [string, JsonObject, RegExp])[] = [
  [
    "no type at a node",
    { type: "object", properties: { spec: {} } },
    /spec\]\.type: Required value: must not be empty/,
  ],
  ["a root that is no object", { type: "array", items: { type: "string" } }, /must be object at the root/],
  [
    "properties beside additionalProperties",
    { type: "object", properties: { a: { type: "string" } }, additionalProperties: { type: "string" } },
    /mutual exclusive|mutually exclusive/,
  ],
  [
    "a default that its own schema refuses",
    { type: "object", properties: { a: { type: "string", default: 1 } } },
    /default: Invalid value/,
  ],
  [
    "a rule that cannot be compiled",
    { type: "object", properties: { a: { type: "string", "x-kubernetes-validations": [{ rule: "self.x" }] } } },
    /compilation failed/,
  ],
  [
    "a pattern that is no expression",
    { type: "object", properties: { a: { type: "string", pattern: "(" } } },
    /pattern: Invalid value/,
  ],
  [
    "a key of a list of maps that may be absent",
    {
      type: "object",
      properties: {
        a: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["k"],
          items: { type: "object", properties: { k: { type: "string" } } },
        },
      },
    },
    /this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property/,
  ],
  [
    "metadata that is restricted beyond its name",
    { type: "object", properties: { metadata: { type: "object", properties: { labels: { type: "object" } } } } },
    /must not specify anything other than name and generateName/,
  ],
];

test("schemas that say nothing definite are refused, each with its place", async ({ post }) => {
  const answers = await Promise.all(
    schemas.map(([, schema], i) => post(definitionsPath, definitionOf(`odds${i}`, `Odd${i}`, { schema }))),
  );
  expect(answers.map(({ code }, i) => `${schemas[i]?.[0]}: ${code}`)).toEqual(schemas.map(([what]) => `${what}: 422`));
  for (const [i, { body }] of answers.entries()) expect(body.message).toMatch(schemas[i]?.[2] ?? "");
});

test("exactly one version is stored, and each has a schema", async ({ post }) => {
  const { versions: _, ...spec } = definitionOf("none", "None").spec;
  const version = { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } };
  const of = (versions: readonly object[]) =>
    post(definitionsPath, { ...definitionOf("none", "None"), spec: { ...spec, versions } });
  const two = await of([version, { ...version, name: "v2" }]);
  const none = await of([{ ...version, storage: false }]);
  const { schema: __, ...bare } = version;
  const without = await of([bare]);
  expect([two, none, without].map(({ code }) => code)).toEqual([422, 422, 422]);
  expect(two.body.message).toContain("must have exactly one version marked as storage version");
  expect(without.body.message).toContain("spec.versions[0].schema.openAPIV3Schema: Required value");
});

test("a version that is served no longer is 404, and comes back", async (api) => {
  const pens = definitionOf("pens", "Pen");
  const [v1] = pens.spec.versions;
  const both = { ...pens, spec: { ...pens.spec, versions: [{ ...v1 }, { ...v1, name: "v2", storage: false }] } };
  await define(api, both);
  const served = (value: boolean) =>
    api.patch("json", pathTo(pens), [{ op: "replace", path: "/spec/versions/1/served", value }]);
  const codeBecomes = (code: number) =>
    vi.waitFor(async () => expect((await api.get(pathOf(both, "v2"))).code).toBe(code), {
      timeout: waitLimitMs,
      interval: 50,
    });
  await served(false);
  await codeBecomes(404);
  await served(true);
  await codeBecomes(200);
  expect((await api.get(pathOf(both, "v1"))).code).toBe(200);
});

test("a stored version cannot be removed while it may hold objects", async (api) => {
  const cups = definitionOf("cups", "Cup");
  await define(api, cups);
  const [v1] = cups.spec.versions;
  const answer = await api.patch("merge", pathTo(cups), { spec: { versions: [{ ...v1, name: "v2" }] } });
  expect(answer.code).toBe(422);
  expect(answer.body.message).toContain(
    'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version',
  );
});

test("group, names and scope are for good", async (api) => {
  const mugs = definitionOf("mugs", "Mug");
  await define(api, mugs);
  const scope = await api.patch("merge", pathTo(mugs), { spec: { scope: "Cluster" } });
  const kind = await api.patch("merge", pathTo(mugs), { spec: { names: { kind: "Cup2" } } });
  expect([scope.code, kind.code]).toEqual([422, 422]);
  expect(scope.body.message).toContain("field is immutable");
});

test("what was stored before gets new defaults when it is read (surprise 14)", async (api) => {
  const hats = definitionOf("hats", "Hat", { schema: { type: "object", properties: { spec: { type: "object" } } } });
  await define(api, hats);
  const path = pathOf(hats, "v1", api.here);
  await api.make(path, { apiVersion: `${ownGroup}/v1`, kind: "Hat", metadata: { name: "a" }, spec: {} });
  const properties = { spec: { type: "object", properties: { size: { type: "string", default: "large" } } } };
  await api.patch("json", pathTo(hats), [
    { op: "replace", path: "/spec/versions/0/schema/openAPIV3Schema/properties", value: properties },
  ]);
  await vi.waitFor(async () => expect((await api.get(`${path}/a`)).body.spec).toEqual({ size: "large" }), {
    timeout: waitLimitMs,
    interval: 50,
  });
});

test("an object that a tighter schema refuses can still be changed elsewhere", async (api) => {
  const spec = (more: JsonObject) => ({
    type: "object",
    properties: {
      spec: { type: "object", properties: { size: { type: "integer", ...more }, note: { type: "string" } } },
    },
  });
  const bags = definitionOf("bags", "Bag", { schema: spec({}) });
  await define(api, bags);
  const path = pathOf(bags, "v1", api.here);
  await api.make(path, { apiVersion: `${ownGroup}/v1`, kind: "Bag", metadata: { name: "a" }, spec: { size: 1 } });
  await api.patch("json", pathTo(bags), [
    { op: "replace", path: "/spec/versions/0/schema/openAPIV3Schema", value: spec({ minimum: 5 }) },
  ]);
  const make = () =>
    api.post(`${path}?dryRun=All`, {
      apiVersion: `${ownGroup}/v1`,
      kind: "Bag",
      metadata: { name: "b" },
      spec: { size: 1 },
    });
  await vi.waitFor(async () => expect((await make()).code).toBe(422), { timeout: waitLimitMs, interval: 50 });
  expect((await api.patch("merge", `${path}/a`, { spec: { note: "x" } })).code).toBe(200);
  expect((await api.patch("merge", `${path}/a`, { spec: { size: 2 } })).code).toBe(422);
});

test("a cluster's custom kind has no namespaces", async (api) => {
  const suns = definitionOf("suns", "Sun", { scope: "Cluster" });
  await define(api, suns);
  await api.make(pathOf(suns, "v1"), { apiVersion: `${ownGroup}/v1`, kind: "Sun", metadata: { name: "a" } });
  expect((await api.get(`${pathOf(suns, "v1")}/a`)).code).toBe(200);
  expect((await api.get(`${pathOf(suns, "v1", api.here)}/a`)).code).toBe(404);
});

test("a kind that needs approval says so: groups of Kubernetes are not for everybody", async ({ post }) => {
  const { spec } = definitionOf("things", "Thing");
  const answer = await post(definitionsPath, {
    ...definitionOf("things", "Thing"),
    metadata: { name: "things.storage.k8s.io" },
    spec: { ...spec, group: "storage.k8s.io" },
  });
  expect(answer.code).toBe(422);
  expect(answer.body.message).toContain("api-approved.kubernetes.io");
});

test("a definition's deletion deletes its objects and ends their watches (surprise 17)", async (api) => {
  const pots = definitionOf("pots", "Pot");
  await define(api, pots);
  const path = pathOf(pots, "v1", api.here);
  await api.make(path, { apiVersion: `${ownGroup}/v1`, kind: "Pot", metadata: { name: "a" } });
  const events = await api.watch(path);
  await events.next(({ type }) => type === "ADDED");
  expect((await api.delete(pathTo(pots))).code).toBe(200);
  await events.next(({ type }) => type === "DELETED");
  await events.ended;
  await vi.waitFor(async () => expect((await api.get(pathTo(pots))).code).toBe(404), {
    timeout: waitLimitMs,
    interval: 50,
  });
  expect((await api.get(path)).code).toBe(404);
});

test("a finalizer of an object holds its definition (surprise 17)", async (api) => {
  const jars = definitionOf("jars", "Jar");
  await define(api, jars);
  const path = pathOf(jars, "v1", api.here);
  await api.make(path, {
    ...map("a", {}, { finalizers: ["example.net/hold"] }),
    apiVersion: `${ownGroup}/v1`,
    kind: "Jar",
  });
  await api.delete(pathTo(jars));
  await vi.waitFor(
    async () => expect(objectOf(await api.get(`${path}/a`)).metadata.deletionTimestamp).toBeTypeOf("string"),
    { timeout: waitLimitMs, interval: 50 },
  );
  await becomes(api, jars, "Terminating", "True InstanceDeletionInProgress");
  const late = await api.post(path, { apiVersion: `${ownGroup}/v1`, kind: "Jar", metadata: { name: "b" } });
  expect([late.code, late.body.message]).toEqual([
    403,
    `jars.${ownGroup} "b" is forbidden: create not allowed while custom resource definition is terminating`,
  ]);
  await api.patch("merge", `${path}/a`, { metadata: { finalizers: null } });
  await vi.waitFor(async () => expect((await api.get(pathTo(jars))).code).toBe(404), {
    timeout: waitLimitMs,
    interval: 50,
  });
});
