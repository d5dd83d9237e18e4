import type { JsonObject } from "../../lib/json.ts";
import { identified } from "./admission.ts";
import { checkName } from "./identity.ts";
import { getStored, replace } from "./replace.ts";
import type { Api, ObjectTarget, WriteOptions, Written } from "./verb.ts";

/** Replaces one object, or its status. @throws Failure "notFound", "conflict", "invalid" */
export function update(api: Api, target: ObjectTarget, body: JsonObject, options: WriteOptions): Written {
  const object = identified(target, body);
  checkName(target, object);
  const stored = getStored(api, target);
  return replace(api, target, stored, { object, isPatch: false, options });
}
