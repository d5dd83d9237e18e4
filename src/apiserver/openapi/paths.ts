import type { JsonObject } from "../../lib/json.ts";
import type { Kind } from "../kinds/kind.ts";
import { deleteOptionsName, isBuiltInGroup, patchName, refTo, schemaNameOf, statusName } from "./names.ts";

/** The paths of one kind. kubectl reads from them what the kind of a resource is and which parameters it can send. */
export function pathsOf(kind: Kind): JsonObject {
  const base = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const collection = `${base}/${kind.namespaced ? "namespaces/{namespace}/" : ""}${kind.plural}`;
  const operations = new Operations(kind);
  if (kind.isRequest) return { [collection]: operations.request() };
  return {
    [collection]: operations.collection(),
    [`${collection}/{name}`]: operations.object(),
    ...(kind.hasStatus ? { [`${collection}/{name}/status`]: operations.status() } : {}),
    ...(kind.namespaced ? { [`${base}/${kind.plural}`]: operations.everywhere() } : {}),
  };
}

const query = (name: string, description: string, type = "string"): JsonObject => ({
  name,
  in: "query",
  description,
  schema: { type, uniqueItems: true },
});

const inPath = (name: string, description: string): JsonObject => ({
  name,
  in: "path",
  description,
  required: true,
  schema: { type: "string", uniqueItems: true },
});

const pretty = query("pretty", "Indent the answer.");
const writeParameters = [
  query("dryRun", "All: do everything but store the object."),
  query("fieldManager", "Who makes the change."),
  query("fieldValidation", "What to do about unknown fields: Ignore, Warn or Strict."),
];
const listParameters = [
  query("allowWatchBookmarks", "Send bookmarks in a watch.", "boolean"),
  query("continue", "Where the next page begins."),
  query("fieldSelector", "Only objects whose fields have these values."),
  query("labelSelector", "Only objects with these labels."),
  query("limit", "At most so many objects.", "integer"),
  query("resourceVersion", "Which version to read."),
  query("resourceVersionMatch", "How to match it."),
  query("sendInitialEvents", "Begin a watch with what there is.", "boolean"),
  query("timeoutSeconds", "How long a watch lasts.", "integer"),
  query("watch", "Send changes as they come.", "boolean"),
];
const deleteParameters = [
  query("dryRun", "All: do everything but delete the object."),
  query("gracePeriodSeconds", "How long the object may take to end.", "integer"),
  query("propagationPolicy", "What becomes of what the object owns: Orphan, Background or Foreground."),
];

const json = "application/json";
const patchTypes = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];
const strategicType = "application/strategic-merge-patch+json";

class Operations {
  readonly #kind: Kind;
  readonly #object: JsonObject;
  readonly #list: JsonObject;

  constructor(kind: Kind) {
    this.#kind = kind;
    this.#object = refTo(schemaNameOf(kind, kind.kind));
    this.#list = refTo(schemaNameOf(kind, kind.listKind));
  }

  collection(): JsonObject {
    return {
      get: this.#operation("list", { parameters: listParameters, answer: this.#list }),
      post: this.#operation("post", {
        parameters: writeParameters,
        body: this.#body(this.#object),
        answer: this.#object,
      }),
      delete: this.#operation("deletecollection", {
        parameters: [...deleteParameters, ...listParameters],
        body: this.#body(refTo(deleteOptionsName)),
        answer: refTo(statusName),
      }),
      parameters: [...this.#inNamespace(), pretty],
    };
  }

  request(): JsonObject {
    const { post, parameters } = this.collection();
    return { post, parameters };
  }

  /** All namespaces at once. */
  everywhere(): JsonObject {
    return { get: this.#operation("list", { parameters: listParameters, answer: this.#list }), parameters: [pretty] };
  }

  object(): JsonObject {
    return {
      ...this.status(),
      delete: this.#operation("delete", {
        parameters: deleteParameters,
        body: this.#body(refTo(deleteOptionsName)),
        answer: refTo(statusName),
      }),
    };
  }

  status(): JsonObject {
    const body = this.#body(this.#object);
    return {
      get: this.#operation("get", { parameters: [], answer: this.#object }),
      put: this.#operation("put", { parameters: writeParameters, body, answer: this.#object }),
      patch: this.#operation("patch", {
        parameters: [...writeParameters, query("force", "Take fields away from other managers.", "boolean")],
        body: this.#patchBody(),
        answer: this.#object,
      }),
      parameters: [inPath("name", `Name of the ${this.#kind.kind}.`), ...this.#inNamespace(), pretty],
    };
  }

  #inNamespace(): readonly JsonObject[] {
    return this.#kind.namespaced ? [inPath("namespace", "Namespace of the object.")] : [];
  }

  #body(schema: JsonObject): JsonObject {
    return { content: { [json]: { schema } }, required: true };
  }

  #patchBody(): JsonObject {
    const types = isBuiltInGroup(this.#kind.group) ? [...patchTypes, strategicType] : patchTypes;
    return { content: Object.fromEntries(types.map((type) => [type, { schema: refTo(patchName) }])), required: true };
  }

  #operation(
    action: string,
    { parameters, body, answer }: { parameters: readonly JsonObject[]; body?: JsonObject; answer: JsonObject },
  ): JsonObject {
    const { group, version, kind } = this.#kind;
    return {
      description: `${action} ${kind}`,
      parameters,
      ...(body ? { requestBody: body } : {}),
      responses: { "200": { description: "OK", content: { [json]: { schema: answer } } } },
      "x-kubernetes-action": action,
      "x-kubernetes-group-version-kind": { group, version, kind },
    };
  }
}
