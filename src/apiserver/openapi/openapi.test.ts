import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../lib/json.ts";
import { builtInKinds } from "../kinds/built-in.ts";
import { openApiDocument, openApiIndex } from "./openapi.ts";

const kinds = builtInKinds();
const core = kinds.filter((kind) => kind.group === "");

function at(document: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((value, step) => (value as JsonObject | undefined)?.[step], document);
}

const refsIn = (value: Json | undefined): readonly string[] => {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => (key === "$ref" ? [String(item)] : refsIn(item as Json)));
};

describe("OpenAPI", () => {
  test("has a document for each group version, under a hash that changes with its kinds", () => {
    const index = openApiIndex(kinds).paths as JsonObject;
    expect(Object.keys(index)).toContain("apis/storage.k8s.io/v1");
    const url = at(index, "api/v1", "serverRelativeURL");
    expect(url).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{64}$/);
    expect(at(openApiIndex(builtInKinds()).paths, "api/v1", "serverRelativeURL")).toBe(url);
    const changed = core.map((kind) => ({ ...kind, schema: { ...kind.schema, description: "other" } }));
    expect(at(openApiIndex(changed).paths, "api/v1", "serverRelativeURL")).not.toBe(url);
  });

  test("tells for each resource its kind, and that its writes can be validated by the server", () => {
    const document = openApiDocument(core);
    for (const verb of ["post", "put", "patch"]) {
      const name = verb === "post" ? "" : "/{name}";
      const operation = at(document, "paths", `/api/v1/namespaces/{namespace}/persistentvolumeclaims${name}`, verb);
      expect(at(operation, "x-kubernetes-group-version-kind")).toEqual({
        group: "",
        version: "v1",
        kind: "PersistentVolumeClaim",
      });
      const parameters = (at(operation, "parameters") as readonly JsonObject[]).map((one) => one.name);
      expect(parameters).toEqual(expect.arrayContaining(["fieldValidation", "dryRun", "fieldManager"]));
    }
  });

  test("names schemas as Kubernetes does, and every reference leads to one", () => {
    const document = openApiDocument(core);
    const schemas = at(document, "components", "schemas") as JsonObject;
    expect(at(schemas, "io.k8s.api.core.v1.PersistentVolumeClaim", "x-kubernetes-group-version-kind")).toEqual([
      { group: "", version: "v1", kind: "PersistentVolumeClaim" },
    ]);
    const spec = "io.k8s.api.core.v1.PersistentVolumeClaimSpec";
    expect(at(schemas, "io.k8s.api.core.v1.PersistentVolumeClaim", "properties", "spec", "allOf")).toEqual([
      { $ref: `#/components/schemas/${spec}` },
    ]);
    expect(at(schemas, spec, "properties", "accessModes", "type")).toBe("array");
    const refs = refsIn(document).map((ref) => ref.replace("#/components/schemas/", ""));
    expect(refs.filter((ref) => schemas[ref] === undefined)).toEqual([]);
  });

  test("tells how lists are merged, so that clients can make strategic patches", () => {
    const path = ["components", "schemas", "io.k8s.api.core.v1.PodSpec", "properties", "containers"];
    expect(at(openApiDocument(core), ...path)).toMatchObject({
      "x-kubernetes-patch-strategy": "merge",
      "x-kubernetes-patch-merge-key": "name",
    });
    const pod = at(
      openApiDocument(core),
      "paths",
      "/api/v1/namespaces/{namespace}/pods/{name}",
      "patch",
      "requestBody",
      "content",
    );
    expect(Object.keys(pod as JsonObject)).toContain("application/strategic-merge-patch+json");
  });

  test("gives custom kinds the name of their group turned around, and no strategic patches", () => {
    const [some] = core;
    const custom = some && {
      ...some,
      group: "snap.example.com",
      version: "v1",
      kind: "Snap",
      listKind: "SnapList",
      plural: "snaps",
      namespaced: true,
    };
    const document = openApiDocument(custom ? [custom] : []);
    expect(Object.keys(at(document, "components", "schemas") as JsonObject)).toContain("com.example.snap.v1.Snap");
    const patch = at(
      document,
      "paths",
      "/apis/snap.example.com/v1/namespaces/{namespace}/snaps/{name}",
      "patch",
      "requestBody",
      "content",
    );
    expect(Object.keys(patch as JsonObject)).not.toContain("application/strategic-merge-patch+json");
  });

  test("is plain JSON", () => {
    expect(() => JSON.stringify(openApiDocument(kinds))).not.toThrow();
  });
});
