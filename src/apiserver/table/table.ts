import { type Json, type JsonObject, stringifyJson } from "../../lib/json.ts";
import type { Column, Kind } from "../kinds/kind.ts";
import { ageOf } from "./age.ts";
import { parseJsonPath } from "./json-path.ts";

export interface TableRequest {
  readonly kind: Kind;
  readonly objects: readonly JsonObject[];
  /** resourceVersion, continue, remainingItemCount of the list. */
  readonly listMeta: JsonObject;
  /** What each row carries of its object. */
  readonly includeObject: "None" | "Metadata" | "Object";
  readonly now: Date;
}

type Cell = (object: JsonObject, now: Date) => string | number | boolean | null;

/** What `kubectl get` prints: a meta.k8s.io/v1 Table with the columns of the kind. */
export function tableOf({ kind, objects, listMeta, includeObject, now }: TableRequest): JsonObject {
  const cells = cellsOf(kind);
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: listMeta,
    columnDefinitions: kind.columns.map(columnDefinition),
    rows: objects.map((object) => ({
      cells: cells.map((cell) => cell(object, now)),
      ...objectPart(object, includeObject),
    })),
  };
}

const columnDefinition = ({ name, type, format = "", description, priority }: Column): JsonObject => ({
  name,
  type,
  format,
  description,
  priority,
});

function objectPart(object: JsonObject, include: TableRequest["includeObject"]): JsonObject {
  if (include === "None") return {};
  if (include === "Object") return { object };
  return {
    object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata },
  };
}

const compiled = new WeakMap<Kind, readonly Cell[]>();

function cellsOf(kind: Kind): readonly Cell[] {
  const known = compiled.get(kind);
  if (known) return known;
  const cells = kind.columns.map(cellOf);
  compiled.set(kind, cells);
  return cells;
}

function cellOf({ cell, type }: Column): Cell {
  if (typeof cell !== "string") return cell;
  const read = parseJsonPath(cell);
  return (object, now) => {
    const values = read(object);
    if (type === "date") return values[0] === undefined ? null : ageOf(values[0], now);
    return values.length <= 1 ? cellValue(values[0], type) : values.map(textOf).join(" ");
  };
}

function cellValue(value: Json | undefined, type: Column["type"]): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  if (type === "boolean" && typeof value === "boolean") return value;
  if ((type === "integer" || type === "number") && typeof value === "number") return value;
  return textOf(value);
}

const textOf = (value: Json): string =>
  typeof value === "object" && value !== null ? stringifyJson(value) : String(value);
