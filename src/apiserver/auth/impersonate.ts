import type { HttpRequest } from "../http/body.ts";
import { badRequest } from "../status.ts";
import type { User } from "./authenticate.ts";
import { type Authorizer, demand } from "./authorize.ts";
import type { ResourceDeed } from "./deed.ts";
import { serviceAccountGroups, splitServiceAccountName } from "./service-accounts/names.ts";

/** Far more than anybody sends; each value is a look at the roles. */
const valuesLimit = 100;

/**
 * The user whom the headers of a request name in place of the one who sent it (`kubectl --as`), or that one.
 *
 * @throws Failure "forbidden" if the sender may not be that user; "invalid" for a group or another part without a user
 */
export function impersonated(request: HttpRequest, sender: User, authorize: Authorizer): User {
  const asked = askedIn(request);
  const [name = ""] = asked.get("user") ?? [];
  const groups = asked.get("group") ?? [];
  const [uid = ""] = asked.get("uid") ?? [];
  const extra = extraIn(asked);
  if (name === "") {
    if (groups.length === 0 && uid === "" && extra.size === 0) return sender;
    throw badRequest(
      `requested groups ${JSON.stringify(groups)}, a uid or extra values without impersonating a user name`,
    );
  }
  if (groups.length + extra.size > valuesLimit)
    throw badRequest(`at most ${valuesLimit} values can be impersonated at once`);
  const may = (deed: Pick<ResourceDeed, "resource" | "name"> & Partial<ResourceDeed>) =>
    demand(authorize, sender, { ...impersonation, ...deed });
  const account = splitServiceAccountName(name);
  if (account) may({ resource: "serviceaccounts", ...account });
  else may({ resource: "users", name });
  for (const group of groups) may({ resource: "groups", name: group });
  if (uid !== "") may({ group: authentication, resource: "uids", name: uid });
  for (const [key, values] of extra)
    for (const value of values) may({ group: authentication, resource: "userextras", subresource: key, name: value });
  const given = groups.length === 0 && account ? serviceAccountGroups(account.namespace) : groups;
  return {
    name,
    groups: [...new Set([...given, "system:authenticated"])],
    ...(uid !== "" && { uid }),
    ...(extra.size > 0 && { extra: Object.fromEntries(extra) }),
  };
}

const authentication = "authentication.k8s.io";
const impersonation = { on: "resource", verb: "impersonate", group: "", subresource: "", namespace: "" } as const;

const prefix = "impersonate-";

/** The values of each header of impersonation, one by one: joined, as Node has them, a comma could be part of a name. */
function askedIn({ rawHeaders }: HttpRequest): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const header = rawHeaders[i]?.toLowerCase() ?? "";
    if (!header.startsWith(prefix)) continue;
    const key = header.slice(prefix.length);
    found.set(key, [...(found.get(key) ?? []), rawHeaders[i + 1] ?? ""]);
  }
  return found;
}

const extraPrefix = "extra-";

function extraIn(asked: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
  const extra = [...asked].filter(([key]) => key.startsWith(extraPrefix));
  return new Map(extra.map(([key, values]) => [key.slice(extraPrefix.length), values]));
}
