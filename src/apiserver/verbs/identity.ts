import type { JsonObject } from "../../lib/json.ts";
import { invalid as invalidField } from "../schema/messages.ts";
import { badRequest, invalid } from "../status.ts";
import { givenMetadata } from "./admission.ts";
import { apiVersionOf, type ObjectTarget } from "./verb.ts";

/** @throws Failure "invalid" for an object of another name than the path's */
export function checkName({ name: wanted }: ObjectTarget, object: JsonObject): void {
  const { name } = givenMetadata(object);
  if (name !== wanted)
    throw badRequest(`the name of the object (${String(name ?? "")}) does not match the name on the URL (${wanted})`);
}

/** @throws Failure "invalid", 422, for a patch that makes something else of the object */
export function checkKind({ served, name }: ObjectTarget, object: JsonObject): void {
  const is: Readonly<Record<string, string>> = { apiVersion: apiVersionOf(served.kind), kind: served.kind.kind };
  const errors = Object.entries(is)
    .filter(([field, value]) => object[field] !== value)
    .map(([field, value]) => invalidField(field, object[field], `must be ${value}`));
  if (errors.length > 0) throw invalid(served.kind, name, errors);
}
