import type { JsonObject } from "../../lib/json.ts";
import { convertGroupObject } from "./convert.ts";
import { groupSnapshotCrds } from "./crds.ts";

/** By the names of the group kinds' definitions, for an API server that converts in process. */
export const groupConverters: ReadonlyMap<string, (object: JsonObject, toVersion: string) => JsonObject> = new Map(
  groupSnapshotCrds.map(({ metadata }) => [metadata.name, convertGroupObject]),
);
