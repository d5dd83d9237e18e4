import type { JsonObject } from "../../lib/json.ts";

/** Where a kind keeps how many there are to be, and how many there are: paths in steps. */
export interface ScalePaths {
  readonly wanted: readonly string[];
  readonly present: readonly string[];
  /** Of a text, or of a label selector; absent where there is none. */
  readonly selector?: readonly string[];
}

/** One served version of one kind: everything the verbs need to know about it. Built-in kinds and CRDs alike. */
export interface Kind {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** The version in which objects are kept; `convert` leads from and to it. */
  readonly storageVersion: string;
  readonly hasStatus: boolean;
  /** metadata.generation is kept: it rises with changes outside metadata and status. */
  readonly hasGeneration: boolean;
  /** PUT without a resourceVersion is allowed (most core kinds; never custom resources). */
  readonly unconditionalUpdate: boolean;
  /** PUT makes an object that is not there. */
  readonly createdByUpdate?: boolean;
  /** What holds up its end, beside finalizers, is told at /finalize: namespaces. */
  readonly hasFinalize?: boolean;
  /** Sent as a Warning header with every answer: this version is deprecated. */
  readonly deprecation?: string;
  /** OpenAPI v3 schema of the whole object, metadata included; for kubectl and strategic merge. */
  readonly schema: JsonObject;
  readonly columns: readonly Column[];
  /** Prunes, defaults and validates what is about to be stored. Pure. */
  admit(object: JsonObject, request: AdmitRequest): Admitted;
  /** The object in another served version of the same kind. */
  convert(object: JsonObject, toVersion: string): JsonObject;
  /** Fields that field selectors may name, beside metadata.name and metadata.namespace, as dotted paths. */
  readonly selectableFields: readonly string[];
  /** Where a selectable field lies, when its name is not its path: an event's `source` is `source.component`. */
  readonly fieldPaths?: Readonly<Record<string, string>>;
  /** Set when the objects are kept as those of another group: events of events.k8s.io are core events. */
  readonly keptAs?: KeptAs;
  /** Set for questions: they are created, answered at once, and never stored; no other verb is served. */
  readonly isRequest?: boolean;
  /** What stands under an object's name beside /status and has a kind of its own. */
  readonly subresources?: readonly SubresourceKind[];
}

export interface SubresourceKind {
  readonly name: "scale" | "token";
  readonly kind: Kind;
  /** As discovery lists them. */
  readonly verbs: readonly string[];
  /** For `scale`: where the numbers are. */
  readonly scale?: ScalePaths;
}

/** The objects of this kind are the same as those of `group`/`version`/plural, shown in another shape. */
export interface KeptAs {
  readonly group: string;
  readonly version: string;
  /** This kind's shape to the stored one, apiVersion included. */
  toStored(object: JsonObject): JsonObject;
  fromStored(stored: JsonObject): JsonObject;
}

export interface AdmitRequest {
  readonly verb: "create" | "update";
  /** What is stored now, in this version; absent on create. */
  readonly old?: JsonObject;
  readonly subresource?: "status";
  readonly now: Date;
}

export interface Admitted {
  readonly object: JsonObject;
  readonly errors: readonly FieldError[];
  /** Paths that the schema does not know and that were dropped: `spec.sourc`. */
  readonly unknownFields: readonly string[];
}

/** One reason for which an object is refused. `reason` is a Kubernetes cause type: FieldValueInvalid, FieldValueRequired … */
export interface FieldError {
  readonly field: string;
  readonly reason: string;
  readonly message: string;
}

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  readonly description: string;
  /** 0 is shown always, more only with -o wide. */
  readonly priority: number;
  /** JSONPath of the cell, as in a CRD's additionalPrinterColumns, or a function for built-in kinds. */
  readonly cell: string | ((object: JsonObject, now: Date) => string | number | boolean | null);
}
