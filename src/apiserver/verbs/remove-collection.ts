import { isFailure } from "../../lib/failure.ts";
import type { Stored } from "../store/stored.ts";
import { type RemoveOptions, remove } from "./remove.ts";
import type { Api, Target } from "./verb.ts";

/** Deletes one of the objects that a list has shown. */
export function removeItem(api: Api, { served }: Target, { key }: Stored, options: RemoveOptions): void {
  try {
    const at = served.kind.namespaced ? { namespace: key.namespace } : {};
    remove(api, { served, ...at, name: key.name }, options);
  } catch (error) {
    if (!isFailure(error, "notFound")) throw error; // one deletion may have taken another with it
  }
}
