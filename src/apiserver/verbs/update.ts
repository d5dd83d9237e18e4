import type { JsonObject } from "../../lib/json.ts";
import { badRequest } from "../status.ts";
import { givenMetadata, identified } from "./admission.ts";
import { getStored, replace } from "./replace.ts";
import type { Api, ObjectTarget, WriteOptions, Written } from "./verb.ts";

/** Replaces one object, or its status. @throws Failure "notFound", "conflict", "invalid" */
export function update(api: Api, target: ObjectTarget, body: JsonObject, options: WriteOptions): Written {
  const object = identified(target, body);
  const name = givenMetadata(object).name;
  if (name !== target.name)
    throw badRequest(
      `the name of the object (${String(name ?? "")}) does not match the name on the URL (${target.name})`,
    );
  const stored = getStored(api, target);
  return replace(api, target, stored, { object, isPatch: false, options });
}
