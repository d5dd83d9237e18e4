import { isFailure } from "../../lib/failure.ts";
import type { Stored } from "../store/stored.ts";
import { type Listed, type ListOptions, list } from "./list.ts";
import { type RemoveOptions, remove } from "./remove.ts";
import type { Api, Target } from "./verb.ts";

/** Deletes everything a list would show; the answer lists what was there. */
export function removeCollection(
  api: Api,
  target: Target,
  options: { readonly list: ListOptions; readonly remove: RemoveOptions },
): Listed {
  const found = list(api, target, options.list);
  for (const stored of found.items) removeOne(api, target, stored, options.remove);
  return found;
}

function removeOne(api: Api, { served }: Target, { key }: Stored, options: RemoveOptions): void {
  try {
    const at = served.kind.namespaced ? { namespace: key.namespace } : {};
    remove(api, { served, ...at, name: key.name }, options);
  } catch (error) {
    if (!isFailure(error, "notFound")) throw error; // one deletion may have taken another with it
  }
}
