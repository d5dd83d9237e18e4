import { expect } from "vitest";
import type { JsonObject } from "../../../../src/lib/json.ts";
import type { Api } from "../api.ts";
import { area } from "../area.ts";

export const openapi = area("OpenAPI v3");
const { test } = openapi;

interface Index {
  readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonObject>> };
}

const documentOf = async ({ get }: Pick<Api, "get">, path: string) =>
  (await get(`/openapi/v3/${path}`)).body as unknown as Document;

const gadgetSchema = "net.example.v1.Gadget";

test("the index has a document for each group and version, with a hash in its address", async ({ get }) => {
  const { body } = await get("/openapi/v3");
  const { paths } = body as unknown as Index;
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining(["api/v1", "apis/apps/v1", "apis/storage.k8s.io/v1", "apis/example.net/v1"]),
  );
  expect(paths["apis/example.net/v1"]?.serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/example\.net\/v1\?hash=\w+$/);
});

test("a document at its hashed address may be kept", async ({ get }) => {
  const { paths } = (await get("/openapi/v3")).body as unknown as Index;
  const answer = await get(String(paths["apis/example.net/v1"]?.serverRelativeURL));
  expect(answer.code).toBe(200);
  expect(answer.headers["cache-control"]).toBe("public, immutable");
  expect(answer.headers.etag).toMatch(/^"\w+"$/);
});

test("a hash that is no longer current leads to the one that is", async ({ get }) => {
  const answer = await get("/openapi/v3/apis/example.net/v1?hash=0");
  expect(answer.code).toBe(301);
  expect(answer.headers.location).toMatch(/^\/openapi\/v3\/apis\/example\.net\/v1\?hash=\w+$/);
});

test("a document of nothing is 404", async ({ get }) => {
  expect((await get("/openapi/v3/apis/none.example.net/v1")).code).toBe(404);
});

test("a custom kind's schema is there as it was defined, its group, version and kind with it", async ({ get }) => {
  const { openapi: version, components } = await documentOf({ get }, "apis/example.net/v1");
  expect(version).toMatch(/^3\.0/);
  const schema = components.schemas[gadgetSchema];
  expect(schema).toMatchObject({
    type: "object",
    "x-kubernetes-group-version-kind": [{ group: "example.net", version: "v1", kind: "Gadget" }],
    properties: {
      spec: {
        required: ["size"],
        properties: {
          size: { type: "integer", format: "int64", minimum: 0 },
          color: { type: "string", default: "green" },
          tags: { "x-kubernetes-list-type": "set" },
          parts: { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] },
          port: { "x-kubernetes-int-or-string": true },
        },
      },
    },
  });
});

test("a custom kind's metadata is described, so that explain and validation know it", async ({ get }) => {
  const { components } = await documentOf({ get }, "apis/example.net/v1");
  const { properties } = components.schemas[gadgetSchema] as unknown as { properties: { metadata: object } };
  expect(JSON.stringify(properties.metadata)).toContain("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  expect(components.schemas["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]).toMatchObject({
    properties: { labels: { type: "object", additionalProperties: { type: "string" } } },
  });
});

test("the paths of a custom kind are there with what each can do", async ({ get }) => {
  const { paths } = await documentOf({ get }, "apis/example.net/v1");
  const all = "/apis/example.net/v1/namespaces/{namespace}/gadgets";
  const methods = (path: string) =>
    Object.keys(paths[path] ?? {})
      .filter((name) => name !== "parameters")
      .sort();
  expect(methods(all)).toEqual(["delete", "get", "post"]);
  expect(methods(`${all}/{name}`)).toEqual(["delete", "get", "patch", "put"]);
  expect(methods(`${all}/{name}/status`)).toEqual(["get", "patch", "put"]);
  expect(methods("/apis/example.net/v1/gadgets")).toEqual(["get"]);
});

test("operations name the kind they are about, which is how kubectl finds out about dry runs and validation", async ({
  get,
}) => {
  const { paths } = await documentOf({ get }, "apis/example.net/v1");
  const one = paths["/apis/example.net/v1/namespaces/{namespace}/gadgets/{name}"]?.patch;
  expect(one).toMatchObject({
    "x-kubernetes-action": "patch",
    "x-kubernetes-group-version-kind": { group: "example.net", version: "v1", kind: "Gadget" },
  });
  const parameters = one?.parameters as unknown as readonly { name: string }[] | undefined;
  const names = parameters?.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["dryRun", "fieldManager", "fieldValidation"]));
});

test("the schemas of built-in kinds have the keys that patches and apply merge their lists by", async ({ get }) => {
  const { components } = await documentOf({ get }, "api/v1");
  const spec = components.schemas["io.k8s.api.core.v1.PodSpec"] as unknown as { properties: { containers: object } };
  expect(spec.properties.containers).toMatchObject({
    type: "array",
    "x-kubernetes-list-map-keys": ["name"],
    "x-kubernetes-list-type": "map",
    "x-kubernetes-patch-merge-key": "name",
    "x-kubernetes-patch-strategy": "merge",
  });
});

test("quantities and int-or-strings are described as what they may be", async ({ get }) => {
  const { components } = await documentOf({ get }, "api/v1");
  expect(components.schemas["io.k8s.apimachinery.pkg.api.resource.Quantity"]).toMatchObject({
    oneOf: [{ type: "string" }, { type: "number" }],
  });
});
