import type { JsonObject } from "../../lib/json.ts";
import type { Column } from "./kind.ts";

/** The words in which the columns of the built-in kinds are written. */

type Cell = (object: JsonObject, now: Date) => string | number | boolean | null;

export const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Unique among the objects of its kind in its namespace.",
  priority: 0,
  cell: (object) => String((object.metadata as JsonObject | undefined)?.name ?? ""),
};

export const ageColumn: Column = {
  name: "Age",
  type: "date",
  description: "Time since the object was created.",
  priority: 0,
  cell: ".metadata.creationTimestamp",
};

export const createdColumn: Column = {
  name: "Created At",
  type: "string",
  description: "When the object was created.",
  priority: 0,
  cell: ".metadata.creationTimestamp",
};

export const column = (name: string, description: string, cell: Cell): Column => ({
  name,
  type: "string",
  description,
  priority: 0,
  cell,
});

/** Shown with -o wide only. */
export const wideColumn = (name: string, description: string, cell: Cell): Column => ({
  ...column(name, description, cell),
  priority: 1,
});

export const integerColumn = (name: string, description: string, cell: Cell): Column => ({
  ...column(name, description, cell),
  type: "integer",
});

export const booleanColumn = (name: string, description: string, cell: Cell): Column => ({
  ...column(name, description, cell),
  type: "boolean",
});

export const orNone = (text: string): string => (text === "" ? "<none>" : text);

export const orUnset = (text: string): string => (text === "" ? "<unset>" : text);
