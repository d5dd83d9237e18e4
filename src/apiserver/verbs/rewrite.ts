import type { JsonObject } from "../../lib/json.ts";
import type { Served } from "../registry.ts";
import type { Stored } from "../store/stored.ts";
import { isFinished } from "./replace.ts";
import type { Api } from "./verb.ts";

/**
 * Puts the server's own change of an object in its place: finalizers, owners, status. What is stored was admitted once and
 * is not judged again by rules that may have come since; an object that nothing holds any more goes.
 */
export function rewrite(api: Api, served: Served, stored: Stored, object: JsonObject): void {
  if (isFinished(api, { served }, object)) api.store.remove(served.collection, object);
  else if (object !== stored.object) api.store.put(served.collection, object);
}
