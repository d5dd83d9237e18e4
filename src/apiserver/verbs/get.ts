import { versionAhead } from "../status.ts";
import type { View } from "../store/stored.ts";
import { parseRevision } from "./list.ts";
import { getStored } from "./replace.ts";
import type { Api, ObjectTarget } from "./verb.ts";

/** One object as it is now. @throws Failure "notFound"; "timeout" for a version from the future */
export function get(api: Api, target: ObjectTarget, resourceVersion?: string): View {
  const revision = parseRevision(resourceVersion) ?? 0;
  if (revision > api.store.revision) throw versionAhead(revision, api.store.revision);
  return target.served.view(getStored(api, target));
}
