import type { JsonObject } from "../../lib/json.ts";
import type { Served } from "../registry.ts";
import type { Stored } from "../store/stored.ts";
import { managedAfter, withManagers } from "./ownership.ts";
import { isFinished } from "./replace.ts";
import { type Api, internalWrite } from "./verb.ts";

/**
 * Puts the server's own change of an object in its place: finalizers, owners, status. What is stored was admitted once and
 * is not judged again by rules that may have come since; an object that nothing holds any more goes.
 */
export function rewrite(api: Api, served: Served, stored: Stored, object: JsonObject): void {
  if (isFinished(api, { served }, object)) api.store.remove(served.collection, object);
  else if (object !== stored.object) api.store.put(served.collection, owned(api, served, stored, object));
}

/** The object without owners of what is gone. It is in the version it is kept in, whichever `served` is. */
function owned(api: Api, served: Served, { object: old }: Stored, object: JsonObject): JsonObject {
  const [version = "", group = ""] = String(object.apiVersion).split("/").reverse();
  const kept = api.registry.find({ group, version, plural: served.kind.plural });
  if (!kept) return object;
  const write = { given: object, object, old, manager: internalWrite.manager };
  return withManagers(object, managedAfter(api, { served: kept }, write));
}
