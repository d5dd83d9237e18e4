import type { JsonObject } from "../../lib/json.ts";
import { badRequest } from "../status.ts";
import type { ListOptions } from "../verbs/list.ts";
import type { Propagation, RemoveOptions } from "../verbs/remove.ts";
import type { WriteOptions } from "../verbs/verb.ts";
import type { WatchOptions } from "../verbs/watch.ts";
import type { HttpRequest } from "./body.ts";
import { managerOf } from "./manager.ts";

export function listOptions(query: URLSearchParams): ListOptions {
  const limit = wholeNumber(query, "limit");
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
  if (fieldValidation !== "Strict" && fieldValidation !== "Warn" && fieldValidation !== "Ignore")
    throw badRequest(`fieldValidation is "${fieldValidation}", but must be Strict, Warn or Ignore`);
  return { dryRun: isDryRun(query.getAll("dryRun")), fieldValidation, manager: managerOf(query, request) };
}

/** DeleteOptions from the body, if there is one, else from the query. */
export function removeOptions(query: URLSearchParams, body: JsonObject | undefined): RemoveOptions {
  const given = body ?? {};
  const preconditions = (given.preconditions ?? {}) as JsonObject; // each of its fields is checked below
  const dryRun = Array.isArray(given.dryRun) ? given.dryRun.map(String) : query.getAll("dryRun");
  const propagation = propagationOf(given, query);
  return {
    dryRun: isDryRun(dryRun),
    ...(typeof preconditions.uid === "string" && { uid: preconditions.uid }),
    ...(typeof preconditions.resourceVersion === "string" && { resourceVersion: preconditions.resourceVersion }),
    ...(propagation !== undefined && { propagation }),
  };
}

function propagationOf(body: JsonObject, query: URLSearchParams): Propagation | undefined {
  const policy = body.propagationPolicy ?? query.get("propagationPolicy") ?? undefined;
  if (policy === "Background" || policy === "Foreground" || policy === "Orphan") return policy;
  if (policy !== undefined && policy !== null)
    throw badRequest(`propagationPolicy is "${String(policy)}", but must be Background, Foreground or Orphan`);
  const orphan = body.orphanDependents ?? truth(query, "orphanDependents");
  if (orphan === undefined || orphan === null) return undefined;
  return orphan === true ? "Orphan" : "Background";
}

function isDryRun(values: readonly string[]): boolean {
  const other = values.find((value) => value !== "All");
  if (other !== undefined) throw badRequest(`dryRun is "${other}", but must be All`);
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
