import { accessDenied } from "../status.ts";
import type { User } from "./authenticate.ts";
import { type Deed, resourceText } from "./deed.ts";

export interface Verdict {
  readonly allowed: boolean;
  /** Which binding allows it; or what went wrong in finding one. */
  readonly reason?: string;
}

/** Decides whether a user may do something. */
export type Authorizer = (user: User, deed: Deed) => Verdict;

/** @throws Failure "forbidden" that says who may not do what */
export function demand(authorize: Authorizer, user: User, deed: Deed): void {
  const { allowed, reason } = authorize(user, deed);
  if (allowed) return;
  const why = `${denialOf(user, deed)}${reason ? `: ${reason}` : ""}`;
  throw accessDenied(deed.on === "resource" ? { ...deed, plural: deed.resource } : undefined, why);
}

function denialOf({ name }: User, deed: Deed): string {
  const who = `User ${JSON.stringify(name)} cannot ${deed.verb}`;
  if (deed.on === "path") return `${who} path ${JSON.stringify(deed.path)}`;
  const where = deed.namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(deed.namespace)}`;
  return `${who} resource ${JSON.stringify(resourceText(deed))} in API group ${JSON.stringify(deed.group)} ${where}`;
}
