import type { IncomingHttpHeaders } from "node:http";
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
export function impersonated(headers: IncomingHttpHeaders, sender: User, authorize: Authorizer): User {
  const name = text(headers["impersonate-user"]);
  const groups = groupsIn(headers["impersonate-group"]);
  const uid = text(headers["impersonate-uid"]);
  const extra = extraIn(headers);
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

const text = (header: string | string[] | undefined) => String([header ?? ""].flat()[0] ?? "");

/** Node joins repeated headers by a comma and a space, and no group has either in its name. */
const groupsIn = (header: string | string[] | undefined): readonly string[] =>
  [header ?? []].flat().flatMap((one) => one.split(", ").filter((group) => group !== ""));

const extraPrefix = "impersonate-extra-";

function extraIn(headers: IncomingHttpHeaders): ReadonlyMap<string, readonly string[]> {
  const extra = Object.entries(headers).filter(([header]) => header.startsWith(extraPrefix));
  return new Map(extra.map(([header, values]) => [header.slice(extraPrefix.length), groupsIn(values)]));
}
