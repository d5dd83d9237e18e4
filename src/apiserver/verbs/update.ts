import type { JsonObject } from "../../lib/json.ts";
import { conflict } from "../status.ts";
import { givenMetadata, identified } from "./admission.ts";
import { createOwned } from "./create.ts";
import { checkName } from "./identity.ts";
import { findStored, getStored, replace, uidDiffers } from "./replace.ts";
import type { Api, ObjectTarget, WriteOptions, Written } from "./verb.ts";

/** Replaces one object, or its status; makes it where the kind allows that. @throws Failure "notFound", "conflict", "invalid" */
export function update(api: Api, target: ObjectTarget, body: JsonObject, options: WriteOptions): Written {
  const object = identified(target, body);
  checkName(target, object);
  if (target.served.kind.createdByUpdate && !target.subresource && !findStored(api, target)) {
    const uid = givenMetadata(object).uid;
    if (uid) throw conflict(target.served.kind, target.name, uidDiffers(uid, ""));
    options.demandCreate?.();
    return createOwned(api, target, { object, options });
  }
  const stored = getStored(api, target);
  return replace(api, target, stored, { object, isPatch: false, options });
}
