import { createHash } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import { Failure, isFailure } from "../lib/failure.ts";
import type { JsonObject } from "../lib/json.ts";
import { limiter } from "../lib/limit.ts";
import type { Client } from "./client/client.ts";
import { type Definition, definitions } from "./core/definition.ts";
import { type At, type KubeObject, keyOf, type Resource } from "./object.ts";

/** Where the objects of a definition are to be stored. */
export interface Move {
  readonly client: Client;
  /** Of the definition. */
  readonly name: string;
  readonly version: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface Spec {
  readonly group: string;
  readonly names: { readonly plural: string; readonly kind: string };
  readonly scope: string;
  readonly versions: readonly (JsonObject & { readonly name: string; readonly storage: boolean })[];
  readonly conversion?: { readonly strategy?: string };
}

const specOf = (definition: Definition) => definition.spec as Spec; // by its schema

/** How a definition's versions are converted: "None" or "Webhook". */
export const strategyOf = (definition: Definition) => specOf(definition).conversion?.strategy ?? "None";

/** Objects that are written at once: as many as a busy API server takes without noticing. */
const writesAtOnce = 8;
/** Between two looks whether the API server has heard of the changed definition. */
const lookMs = 200;

/**
 * Stores all objects of a definition in one of its versions, and makes the definition say so: afterwards it may be replaced
 * by one that knows only that version. What is written meanwhile is stored there too. May be repeated.
 *
 * @returns how many objects there are
 * @throws Failure "invalid" for a version that the definition does not serve
 */
export async function storeIn(move: Move): Promise<number> {
  const { client, name, version, signal } = move;
  const definition = await client.get(definitions, { name }, { signal });
  const { group, names, scope, versions } = specOf(definition);
  if (!versions.some((one) => one.name === version && one.served === true))
    throw new Failure(
      "invalid",
      `${name} does not serve ${version}; its versions are ${versions.map((one) => one.name).join(", ")}`,
    );
  const resource: Resource = { group, version, ...names, namespaced: scope === "Namespaced" };
  await choose(move, definition);
  await untilChosen(move, resource);
  const { items } = await client.list(resource, { signal });
  const places = limiter(writesAtOnce);
  await Promise.all(items.map((item) => places.run(() => writeBack(move, resource, item), signal)));
  await forgetOthers(move);
  return items.length;
}

async function choose({ client, name, version, signal }: Move, definition: Definition): Promise<void> {
  const versions = specOf(definition).versions.map((one) => ({ ...one, storage: one.name === version }));
  const { resourceVersion } = definition.metadata;
  await client.patch(
    definitions,
    { name },
    { type: "merge", patch: { metadata: { resourceVersion }, spec: { versions } } },
    { signal },
  );
}

/** Discovery tells by a hash in which version a kind is stored: until it does, a write may still go to the old one. */
async function untilChosen({ client, version, clock, signal }: Move, { group, plural, kind }: Resource): Promise<void> {
  const wanted = createHash("sha256").update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString("base64");
  for (;;) {
    const found = await client.raw({ method: "GET", path: `/apis/${group}/${version}`, signal });
    const { resources } = found as { readonly resources: readonly { name: string; storageVersionHash?: string }[] }; // APIResourceList
    const told = resources.find(({ name }) => name === plural)?.storageVersionHash;
    if (told === undefined || told === wanted) return;
    await clock.sleep(lookMs, signal);
  }
}

/** A write that changes nothing is stored all the same where the version differs. What was changed or is gone needs none. */
async function writeBack({ client, clock, signal }: Move, resource: Resource, item: KubeObject): Promise<void> {
  const { namespace, name } = item.metadata;
  const at: At = { namespace, name };
  for (let object: KubeObject | undefined = item; object; object = await client.find(resource, at, { signal })) {
    try {
      return void (await client.update(resource, object, { signal }));
    } catch (error) {
      if (isFailure(error, "notFound")) return;
      if (!isFailure(error, "conflict"))
        throw new Failure("unavailable", messageOf(resource, at, error), { cause: error });
      await clock.sleep(lookMs, signal);
    }
  }
}

const messageOf = (resource: Resource, at: At, error: unknown) =>
  `cannot store ${resource.kind} ${keyOf(at)} in ${resource.version}: ${String(error)}; repeat the command once that is mended`;

async function forgetOthers({ client, name, version, signal }: Move): Promise<void> {
  const { metadata } = await client.get(definitions, { name }, { signal });
  const { resourceVersion } = metadata;
  const patch = { metadata: { resourceVersion }, status: { storedVersions: [version] } };
  await client.patch(definitions, { name }, { type: "merge", patch }, { signal, subresource: "status" });
}
