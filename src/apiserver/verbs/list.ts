import type { FieldError } from "../kinds/kind.ts";
import { forbidden, unsupported } from "../schema/messages.ts";
import { badRequest, expired, versionAhead } from "../status.ts";
import type { Stored } from "../store/stored.ts";
import { invalidOptions } from "./options.ts";
import { parseSelection, type Selection, type SelectorTexts } from "./selection.ts";
import type { Api, Target } from "./verb.ts";

export interface ListOptions extends SelectorTexts {
  readonly limit?: number;
  readonly continueToken?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
}

/** The objects of a list, or one page of it. */
export interface Listed {
  readonly items: readonly Stored[];
  /** The revision whose state this is; all pages of a list carry the first one's. */
  readonly revision: number;
  readonly continueToken?: string;
  readonly remainingItemCount?: number;
}

/**
 * Lists what a selection means, all of it or a page.
 *
 * @throws Failure "expired" when the pages began too long ago, "timeout" for a version from the future, "invalid"
 */
export function list(api: Api, target: Target, options: ListOptions): Listed {
  const selection = parseSelection(target, options);
  checkVersions(options);
  const page = options.continueToken ? parseToken(options.continueToken) : undefined;
  const at = page ? page.revision : exactRevision(api, options);
  const found = at === undefined ? current(api, target) : past(api, target, { revision: at, page });
  const revision = at ?? api.store.revision;
  const rest = page ? found.slice(firstAfter(found, page)) : found;
  return pageOf(selection.isAll ? rest : rest.filter(selection.has), { selection, revision, limit: options.limit });
}

function pageOf(
  matching: readonly Stored[],
  how: { readonly selection: Selection; readonly revision: number; readonly limit: number | undefined },
): Listed {
  const { limit, revision } = how;
  if (!limit || matching.length <= limit) return { items: matching, revision };
  const items = matching.slice(0, limit);
  const last = items.at(-1);
  return {
    items,
    revision,
    ...(last && { continueToken: tokenOf({ revision, namespace: last.key.namespace, name: last.key.name }) }),
    ...(how.selection.isAll && { remainingItemCount: matching.length - limit }),
  };
}

const current = (api: Api, { served, namespace }: Target) => api.store.collection(served.collection).list(namespace);

function past(
  api: Api,
  target: Target,
  { revision, page }: { readonly revision: number; readonly page: Position | undefined },
): readonly Stored[] {
  const collection = api.store.collection(target.served.collection);
  if (revision >= collection.trimmedTo) return collection.listAt(revision, target.namespace);
  if (!page) throw expired("The resourceVersion for the provided list is too old.");
  throw expired(tooOld, tokenOf({ ...page, revision: undefined }));
}

const tooOld =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the " +
  "continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing " +
  "with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the " +
  "time the first chunk was returned and now may show up in the list.";

/** @throws Failure "invalid" for versions that do not go together */
function checkVersions({ resourceVersion, resourceVersionMatch: match, continueToken }: ListOptions): void {
  if (continueToken && resourceVersion && resourceVersion !== "0")
    throw badRequest("specifying resource version is not allowed when using continue");
  if (match === undefined) return;
  const errors: FieldError[] = [];
  const field = "resourceVersionMatch";
  if (continueToken) errors.push(forbidden(field, `${field} is forbidden when continue is provided`));
  if (resourceVersion === undefined)
    errors.push(forbidden(field, `${field} is forbidden unless resourceVersion is provided`));
  if (match !== "Exact" && match !== "NotOlderThan")
    errors.push(unsupported(field, match, ["Exact", "NotOlderThan", ""]));
  if (match === "Exact" && resourceVersion === "0")
    errors.push(forbidden(field, `${field} "exact" is forbidden for resourceVersion "0"`));
  if (errors.length > 0) throw invalidOptions("ListOptions", errors);
}

/** The revision a list must show, or undefined when the current state will do. */
function exactRevision(api: Api, { resourceVersion, resourceVersionMatch }: ListOptions): number | undefined {
  const revision = parseRevision(resourceVersion);
  if (revision !== undefined && revision > api.store.revision) throw versionAhead(revision, api.store.revision);
  return resourceVersionMatch === "Exact" ? revision : undefined;
}

/** @throws Failure "invalid" for anything but a whole number */
export function parseRevision(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`Invalid value: "${text}": resourceVersion must be a whole number`);
  return Number(text);
}

interface Position {
  /** Undefined for the rest of a list that is too old: it goes on with what there is now. */
  readonly revision: number | undefined;
  readonly namespace: string;
  readonly name: string;
}

function firstAfter(sorted: readonly Stored[], { namespace, name }: Position): number {
  const isAfter = ({ key }: Stored) => key.namespace > namespace || (key.namespace === namespace && key.name > name);
  const index = sorted.findIndex(isAfter);
  return index < 0 ? sorted.length : index;
}

const tokenOf = ({ revision, namespace, name }: Position) =>
  Buffer.from(
    JSON.stringify({ v: "meta.k8s.io/v1", rv: revision ?? inconsistent, start: `${namespace}/${name}` }),
  ).toString("base64url");

/** Stands for no revision in a token, as in Kubernetes. */
const inconsistent = -1;

function parseToken(text: string): Position {
  try {
    const token: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    const { v, rv, start } = token as Record<string, unknown>; // a token that is no object throws here, as it should
    if (v !== "meta.k8s.io/v1" || !Number.isSafeInteger(rv) || typeof start !== "string") throw new Error("not ours");
    const slash = start.indexOf("/");
    return {
      revision: rv === inconsistent ? undefined : Number(rv),
      namespace: start.slice(0, slash),
      name: start.slice(slash + 1),
    };
  } catch {
    throw badRequest("continue key is not valid: start the list anew, without it");
  }
}
