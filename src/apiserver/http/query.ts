import type { JsonObject } from "../../lib/json.ts";
import type { FieldError } from "../kinds/kind.ts";
import { forbidden, invalid, shown, unsupported } from "../schema/messages.ts";
import { badRequest } from "../status.ts";
import type { ListOptions } from "../verbs/list.ts";
import { invalidOptions } from "../verbs/options.ts";
import type { Propagation, RemoveOptions } from "../verbs/remove.ts";
import type { WriteOptions } from "../verbs/verb.ts";
import type { WatchOptions } from "../verbs/watch.ts";
import type { HttpRequest } from "./body.ts";
import { managerOf, writeOptionsKind } from "./manager.ts";

export function listOptions(query: URLSearchParams): ListOptions {
  const limit = wholeNumber(query, "limit");
  if (truth(query, "sendInitialEvents") !== undefined)
    throw invalidOptions("ListOptions", [forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")]);
  return {
    ...texts(query, ["labelSelector", "fieldSelector", "resourceVersion", "resourceVersionMatch"]),
    ...(limit !== undefined && { limit }),
    ...(query.get("continue") && { continueToken: String(query.get("continue")) }),
  };
}

export function watchOptions(query: URLSearchParams): WatchOptions {
  const timeoutSeconds = wholeNumber(query, "timeoutSeconds");
  const sendInitialEvents = truth(query, "sendInitialEvents");
  return {
    ...texts(query, ["labelSelector", "fieldSelector", "resourceVersion", "resourceVersionMatch"]),
    ...(timeoutSeconds ? { timeoutSeconds: Math.min(timeoutSeconds, longestTimeoutSeconds) } : {}),
    ...(sendInitialEvents !== undefined && { sendInitialEvents }),
    allowWatchBookmarks: truth(query, "allowWatchBookmarks") ?? false,
  };
}

/** Timers of Node hold no more than 24 days; nobody watches that long on one connection. */
const longestTimeoutSeconds = 24 * 3600;

export function writeOptions(query: URLSearchParams, request: HttpRequest): WriteOptions {
  const fieldValidation = query.get("fieldValidation") || "Warn";
  const kind = writeOptionsKind(request.method);
  if (fieldValidation !== "Strict" && fieldValidation !== "Warn" && fieldValidation !== "Ignore")
    throw invalidOptions(kind, [unsupported("fieldValidation", fieldValidation, ["", "Ignore", "Strict", "Warn"])]);
  return { dryRun: isDryRun(query.getAll("dryRun"), kind), fieldValidation, manager: managerOf(query, request) };
}

/** DeleteOptions from the body, if there is one, else from the query. */
export function removeOptions(query: URLSearchParams, body: JsonObject | undefined): RemoveOptions {
  const given = body ?? {};
  const kind = given.kind ?? optionsOfDeletion;
  if (kind !== optionsOfDeletion)
    throw badRequest(`the body of a deletion is of kind ${shown(kind)}, but must be ${optionsOfDeletion}`);
  const preconditions = (given.preconditions ?? {}) as JsonObject; // each of its fields is checked below
  const dryRun = Array.isArray(given.dryRun) ? given.dryRun.map(String) : query.getAll("dryRun");
  const propagation = propagationOf(given, query);
  return {
    dryRun: isDryRun(dryRun, optionsOfDeletion),
    ...(typeof preconditions.uid === "string" && { uid: preconditions.uid }),
    ...(typeof preconditions.resourceVersion === "string" && { resourceVersion: preconditions.resourceVersion }),
    ...(propagation !== undefined && { propagation }),
  };
}

function propagationOf(body: JsonObject, query: URLSearchParams): Propagation | undefined {
  const policy = body.propagationPolicy ?? query.get("propagationPolicy") ?? undefined;
  const orphan = body.orphanDependents ?? truth(query, "orphanDependents") ?? null;
  if (policy === undefined || policy === null) {
    if (orphan === null) return undefined;
    return orphan === true ? "Orphan" : "Background";
  }
  const refuse = (error: FieldError) => invalidOptions(optionsOfDeletion, [error]);
  if (orphan !== null) throw refuse(invalid("propagationPolicy", policy, bothSet));
  if (policy === "Background" || policy === "Foreground" || policy === "Orphan") return policy;
  throw refuse(unsupported("propagationPolicy", policy, ["Foreground", "Background", "Orphan", "nil"]));
}

const optionsOfDeletion = "DeleteOptions";
const bothSet = "orphanDependents and deletionPropagation cannot be both set";

function isDryRun(values: readonly string[], kind: Parameters<typeof invalidOptions>[0]): boolean {
  if (values.some((value) => value !== "All")) throw invalidOptions(kind, [unsupported("dryRun", values, ["All"])]);
  return values.length > 0;
}

function texts<K extends string>(query: URLSearchParams, names: readonly K[]): { readonly [name in K]?: string } {
  const found: { [name in K]?: string } = {};
  for (const name of names) {
    const value = query.get(name);
    if (value !== null && value !== "") found[name] = value;
  }
  return found;
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`${name} is "${text}", but must be a whole number`);
  return Number(text);
}

export function truth(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (text === "" || text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw badRequest(`${name} is "${text}", but must be true or false`);
}
