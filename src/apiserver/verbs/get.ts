import type { View } from "../store/stored.ts";
import { getStored } from "./replace.ts";
import type { Api, ObjectTarget } from "./verb.ts";

/** One object as it is now. @throws Failure "notFound" */
export function get(api: Api, target: ObjectTarget): View {
  return target.served.view(getStored(api, target));
}
