import type { Json, JsonObject } from "../../lib/json.ts";

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Narrows to a list; Array.isArray alone does not narrow readonly ones. */
export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
