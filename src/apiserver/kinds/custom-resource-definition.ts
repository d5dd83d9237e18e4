import type { JsonObject } from "../../lib/json.ts";
import { createdColumn, nameColumn } from "./columns.ts";
import type { KindDefinition } from "./define.ts";
import { anything, conditions, flag, int32, list, object, oneOf, text, texts } from "./fields.ts";
import { objectAt, textAt, withField } from "./read.ts";

const names = object(
  "What the kind is called.",
  {
    plural: text("In URLs: lower case, plural."),
    singular: text("On the command line: lower case, singular."),
    shortNames: texts("On the command line: short."),
    kind: text("In objects: camel case, singular."),
    listKind: text("In lists: the kind with List behind it."),
    categories: texts("Groups of kinds it belongs to, such as all."),
  },
  ["plural", "kind"],
);

const printerColumn = object(
  "A column of tables.",
  {
    name: text("Its head."),
    type: text("integer, number, string, boolean or date."),
    format: text("Its format."),
    description: text("What it shows."),
    priority: int32("0 is always shown, more with -o wide."),
    jsonPath: text("Where the value is."),
  },
  ["name", "type", "jsonPath"],
);

const version = object(
  "One version of the kind.",
  {
    name: text("v1, v1beta1 ..."),
    served: flag("It can be used."),
    storage: flag("Objects are kept in it; one version is."),
    deprecated: flag("Clients are warned."),
    deprecationWarning: text("What they are told."),
    schema: object("What objects look like.", { openAPIV3Schema: anything("An OpenAPI v3 schema.") }),
    subresources: object("What else can be reached.", {
      status: anything("/status."),
      scale: anything("/scale."),
    }),
    additionalPrinterColumns: list("What tables show.", printerColumn),
    selectableFields: list(
      "What field selectors may name.",
      object("A field.", { jsonPath: text("Where it is.") }, ["jsonPath"]),
    ),
  },
  ["name", "served", "storage"],
);

export const customResourceDefinition: KindDefinition = {
  group: "apiextensions.k8s.io",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  clusterScoped: true,
  hasStatus: true,
  hasGeneration: true,
  needsVersion: true,
  description: "A kind that is added to the API.",
  fields: {
    spec: object(
      "The kind.",
      {
        group: text("Its API group."),
        names,
        scope: oneOf("Whether its objects live in namespaces.", ["Cluster", "Namespaced"]),
        versions: list("Its versions.", version),
        conversion: {
          ...object("How objects get from version to version.", {
            strategy: oneOf("None changes apiVersion alone.", ["None", "Webhook"]),
            webhook: anything("Who converts."),
          }),
          default: { strategy: "None" },
        },
        preserveUnknownFields: flag("Must be false."),
      },
      ["group", "names", "scope", "versions"],
    ),
    status: object("What became of it.", {
      conditions: conditions("Whether it is served."),
      acceptedNames: names,
      storedVersions: texts("Versions in which objects are, or were, kept."),
      observedGeneration: { type: "integer", format: "int64", description: "The generation this was said of." },
    }),
  },
  required: ["spec"],
  columns: [nameColumn, createdColumn],
  prepare: withNames,
};

/** What follows from the kind's name, and most people leave out. */
function withNames(definition: JsonObject): JsonObject {
  const spec = objectAt(definition, "spec");
  const names = objectAt(spec, "names");
  const kind = textAt(names, "kind");
  const singular = textAt(names, "singular") || kind.toLowerCase();
  const listKind = textAt(names, "listKind") || `${kind}List`;
  return withField(definition, "spec", { ...spec, names: { ...names, singular, listKind } });
}
