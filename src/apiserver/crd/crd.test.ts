import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../lib/json.ts";
import { checkCrd, crdStatus, kindsOf } from "./crd.ts";

const now = new Date("2026-11-22T16:00:00Z");

const widgetSchema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      properties: { size: { type: "integer" }, colour: { type: "string", default: "red" } },
      "x-kubernetes-validations": [{ rule: "self.size < 10", message: "too big" }],
    },
    status: { type: "object", properties: { ready: { type: "boolean" } } },
  },
};

const v1 = {
  name: "v1",
  served: true,
  storage: true,
  schema: { openAPIV3Schema: widgetSchema },
  subresources: { status: {} },
};

function widgets(spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com", ...metadata },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget", shortNames: ["w"] },
      versions: [v1],
      ...spec,
    },
  };
}

const withSchema = (schema: Json) => widgets({ versions: [{ ...v1, schema: { openAPIV3Schema: schema } }] });
const withProperty = (property: Json) => withSchema({ type: "object", properties: { p: property } });

function widgetKind(version = "v1", crd = widgets()) {
  const kind = kindsOf(crd).find((one) => one.version === version);
  if (!kind) throw new Error(`${version} is not served`);
  return kind;
}

const widget = (spec: JsonObject) => ({ apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "a" }, spec });

describe("a schema whose keywords are not what they must be", () => {
  const nested = (levels: number): JsonObject => (levels === 0 ? {} : { type: "array", items: nested(levels - 1) });

  test.each<[string, Json, string]>([
    ["a property that is null", { properties: { size: null } }, ".properties[p].properties[size]"],
    ["properties that are a list", { properties: [] }, ".properties[p].properties"],
    ["items that are text", { items: "string" }, ".properties[p].items"],
    ["a type that is a list", { type: ["string", "null"] }, ".properties[p].type"],
    ["a pattern that is a number", { pattern: 5 }, ".properties[p].pattern"],
    ["required that is true", { required: true }, ".properties[p].required"],
    ["an enum that is an object", { enum: {} }, ".properties[p].enum"],
    ["a branch that is null", { anyOf: [null] }, ".properties[p].anyOf[0]"],
    ["a rule that is null", { "x-kubernetes-validations": [null] }, ".properties[p].x-kubernetes-validations"],
    ["more levels than anybody writes", nested(100), `.properties[p]${".items".repeat(64)}`],
  ])("is refused by the field's name: %s", (_, property, field) => {
    const errors = checkCrd(withProperty({ type: "object", ...(property as JsonObject) }));
    expect(errors.map((error) => error.field)).toEqual([`spec.versions[0].schema.openAPIV3Schema${field}`]);
  });

  test("is as good as without them where they are null", () => {
    const property = { type: "string", pattern: null, enum: null, properties: null, description: null };
    expect(checkCrd(withProperty(property))).toEqual([]);
  });

  test("is never a reason to stop serving a definition that was stored with it", () => {
    const [kind] = kindsOf(withProperty({ type: "object", properties: { size: null }, required: true }));
    expect(kind?.admit(widget({}), { verb: "create", now }).errors).toEqual([]);
  });
});

describe("a custom resource definition", () => {
  test("without fault is accepted", () => {
    expect(checkCrd(widgets())).toEqual([]);
  });

  test.each<[string, JsonObject, string]>([
    ["its name is not made of plural and group", widgets({}, { name: "widget.example.com" }), "metadata.name"],
    ["its group is no domain", widgets({ group: "example" }), "spec.group"],
    ["its kind is missing", widgets({ names: { plural: "widgets" } }), "spec.names.kind"],
    ["its plural has upper case", widgets({ names: { plural: "Widgets", kind: "Widget" } }), "spec.names.plural"],
    ["no version is stored", widgets({ versions: [{ ...v1, storage: false }] }), "spec.versions"],
    ["two versions are stored", widgets({ versions: [v1, { ...v1, name: "v2" }] }), "spec.versions"],
    ["a version is there twice", widgets({ versions: [v1, { ...v1, storage: false }] }), "spec.versions[1].name"],
    [
      "a version has no schema",
      widgets({ versions: [{ ...v1, schema: {} }] }),
      "spec.versions[0].schema.openAPIV3Schema",
    ],
    ["it preserves unknown fields everywhere", widgets({ preserveUnknownFields: true }), "spec.preserveUnknownFields"],
    [
      "a column leads nowhere",
      widgets({ versions: [{ ...v1, additionalPrinterColumns: [{ name: "C", type: "string", jsonPath: "spec" }] }] }),
      "spec.versions[0].additionalPrinterColumns[0].jsonPath",
    ],
    [
      "a selectable field is not in the schema",
      widgets({ versions: [{ ...v1, selectableFields: [{ jsonPath: ".spec.none" }] }] }),
      "spec.versions[0].selectableFields[0].jsonPath",
    ],
    [
      "its group is protected and nobody approved of it",
      widgets({ group: "snapshot.storage.k8s.io" }, { name: "widgets.snapshot.storage.k8s.io" }),
      "metadata.annotations[api-approved.kubernetes.io]",
    ],
  ])("is refused when %s", (_what, crd, field) => {
    expect(checkCrd(crd).map((error) => error.field)).toContain(field);
  });

  const at = "spec.versions[0].schema.openAPIV3Schema";
  test.each<[string, JsonObject, string]>([
    ["has a value without a type", withProperty({ description: "d" }), `${at}.properties[p].type`],
    ["has an unknown type", withProperty({ type: "text" }), `${at}.properties[p].type`],
    ["is no object at its root", withSchema({ type: "string" }), `${at}.type`],
    ["has a list without items", withProperty({ type: "array" }), `${at}.properties[p].items`],
    [
      "has a keyed list without keys",
      withProperty({ type: "array", items: { type: "object" }, "x-kubernetes-list-type": "map" }),
      `${at}.properties[p].x-kubernetes-list-map-keys`,
    ],
    [
      "has both properties and additional ones",
      withProperty({ type: "object", properties: {}, additionalProperties: { type: "string" } }),
      `${at}.properties[p].additionalProperties`,
    ],
    ["has a broken pattern", withProperty({ type: "string", pattern: "(" }), `${at}.properties[p].pattern`],
    [
      "has a type in a branch",
      withProperty({ type: "string", anyOf: [{ type: "string" }] }),
      `${at}.properties[p].anyOf[0].type`,
    ],
    ["has a default of another type", withProperty({ type: "string", default: 3 }), `${at}.properties[p].default`],
    [
      "has a default with unknown fields",
      withProperty({ type: "object", properties: {}, default: { a: 1 } }),
      `${at}.properties[p].default`,
    ],
    [
      "has a rule that does not compile",
      withProperty({ type: "string", "x-kubernetes-validations": [{ rule: "self >" }] }),
      `${at}.properties[p].x-kubernetes-validations[0].rule`,
    ],
    [
      "restricts labels",
      withSchema({
        type: "object",
        properties: { metadata: { type: "object", properties: { labels: { type: "object" } } } },
      }),
      `${at}.properties[metadata]`,
    ],
  ])("is refused when its schema %s", (_what, crd, field) => {
    expect(checkCrd(crd).map((error) => error.field)).toEqual([field]);
  });

  test.each<[string, JsonObject, string]>([
    ["its scope", widgets({ scope: "Cluster" }), "spec.scope"],
    ["its kind", widgets({ names: { plural: "widgets", kind: "Gadget" } }), "spec.names.kind"],
    ["a version in which objects are kept", widgets({ versions: [{ ...v1, name: "v2" }] }), "status.storedVersions[0]"],
  ])("may not change %s", (_what, crd, field) => {
    const old = { ...widgets(), status: { storedVersions: ["v1"] } };
    expect(checkCrd(crd, old).map((error) => error.field)).toEqual([field]);
  });
});

describe("the status of a definition", () => {
  test("says that it is established, under which names, and in which versions objects are kept", () => {
    expect(crdStatus(widgets(), [], now)).toEqual({
      conditions: [
        expect.objectContaining({ type: "NamesAccepted", status: "True", lastTransitionTime: "2026-11-22T16:00:00Z" }),
        expect.objectContaining({ type: "Established", status: "True" }),
      ],
      acceptedNames: {
        plural: "widgets",
        singular: "widget",
        kind: "Widget",
        listKind: "WidgetList",
        shortNames: ["w"],
      },
      storedVersions: ["v1"],
    });
  });

  test("keeps the time of what did not change, and remembers versions that are no longer stored", () => {
    const first = { ...widgets(), status: crdStatus(widgets(), [], now) };
    const versions = [
      { ...v1, storage: false },
      { ...v1, name: "v2" },
    ];
    const later = crdStatus({ ...widgets({ versions }), status: first.status }, [], new Date("2027-01-01T00:00:00Z"));
    expect(later.conditions).toEqual((first.status as JsonObject).conditions);
    expect(later.storedVersions).toEqual(["v1", "v2"]);
  });

  test("refuses names that another definition of the group has", () => {
    const other = {
      ...widgets({}, { name: "others.example.com" }),
      status: { acceptedNames: { plural: "others", kind: "Other", shortNames: ["w"] } },
    };
    const [names, established] = crdStatus(widgets(), [other], now).conditions as readonly JsonObject[];
    expect(names).toMatchObject({ status: "False", reason: "ShortNamesConflict", message: '"w" is already in use' });
    expect(established).toMatchObject({ status: "False" });
  });
});

describe("a custom kind", () => {
  const create = { verb: "create", now } as const;

  test("prunes, defaults and judges its objects", () => {
    const { object, errors, unknownFields } = widgetKind().admit(widget({ size: 3, shape: "round" }), create);
    expect(object.spec).toEqual({ size: 3, colour: "red" });
    expect([errors, unknownFields]).toEqual([[], ["spec.shape"]]);
    expect(widgetKind().admit(widget({ size: 11 }), create).errors).toMatchObject([
      { field: "spec", reason: "FieldValueInvalid", message: "Invalid value: too big" },
    ]);
  });

  test("says that rules were not asked when the shape of an object is wrong", () => {
    const fields = widgetKind()
      .admit(widget({ size: "big" }), create)
      .errors.map((error) => error.field);
    expect(fields).toEqual(["spec.size", "<nil>"]);
  });

  test("refuses bad names and labels with all the rest", () => {
    const bad = { ...widget({ size: 11 }), metadata: { name: "A_", labels: { "a b": "c" } } };
    expect(
      widgetKind()
        .admit(bad, create)
        .errors.map((error) => error.field),
    ).toEqual(["metadata.name", "metadata.labels", "spec"]);
  });

  test("lets what was wrong before stay, but not be made anew", () => {
    const old = { ...widget({ size: 11, colour: "x" }), metadata: { name: "a", labels: { a: "b" } } };
    const relabelled = { ...old, metadata: { name: "a", labels: { a: "c" } } };
    const update = { verb: "update", old, now } as const;
    expect(widgetKind().admit(relabelled, update).errors).toEqual([]);
    expect(widgetKind().admit(widget({ size: 12, colour: "x" }), update).errors).toHaveLength(1);
  });

  test("shows its columns, or name and age if it has none", () => {
    const column = { name: "Colour", type: "string", jsonPath: ".spec.colour" };
    const crd = widgets({ versions: [{ ...v1, additionalPrinterColumns: [column] }] });
    expect(widgetKind("v1", crd).columns.map((one) => one.name)).toEqual(["Name", "Colour"]);
    expect(widgetKind().columns.map((one) => one.name)).toEqual(["Name", "Age"]);
  });

  test("is served in the served versions only, and warns in deprecated ones", () => {
    const versions = [
      v1,
      { ...v1, name: "v1beta1", storage: false, deprecated: true },
      { ...v1, name: "v1alpha1", storage: false, served: false },
    ];
    const kinds = kindsOf(widgets({ versions }));
    expect(kinds.map((kind) => [kind.version, kind.storageVersion, kind.deprecation])).toEqual([
      ["v1", "v1", undefined],
      ["v1beta1", "v1", "example.com/v1beta1 Widget is deprecated"],
    ]);
  });

  test("changes nothing but apiVersion from version to version, unless a converter is handed in", () => {
    const versions = [v1, { ...v1, name: "v2", storage: false }];
    expect(widgetKind("v2", widgets({ versions })).convert(widget({ size: 1 }), "v2")).toEqual({
      ...widget({ size: 1 }),
      apiVersion: "example.com/v2",
    });
    const [kind] = kindsOf(widgets({ versions }), (object, toVersion) => ({
      ...object,
      apiVersion: toVersion,
      converted: true,
    }));
    expect(kind?.convert(widget({}), "v2")).toMatchObject({ apiVersion: "v2", converted: true });
  });

  test("does not pretend to call a conversion webhook", () => {
    const kind = widgetKind("v1", widgets({ conversion: { strategy: "Webhook" } }));
    expect(() => kind.convert(widget({}), "v2")).toThrow(/calls no conversion webhooks/);
  });
});
