import type { JsonObject } from "../lib/json.ts";
import type { Kind } from "./kinds/kind.ts";
import type { Stored, View } from "./store/stored.ts";

/** One served version of one resource, with the way between what is stored and what is shown. */
export interface Served {
  readonly kind: Kind;
  /** Collection in the store; all versions of a resource share it. */
  readonly collection: string;
  readonly custom: boolean;
  /** What `stored` looks like in this version. */
  view(stored: Stored): View;
  toStored(object: JsonObject): JsonObject;
  /** The way back, for what is not stored. */
  fromStored(object: JsonObject): JsonObject;
}

/** Every kind the server knows now. Custom resource definitions come and go while it runs. */
export interface Registry {
  find(resource: { readonly group: string; readonly version: string; readonly plural: string }): Served | undefined;
  /** Some served version of the resource that a collection holds. */
  ofCollection(collection: string): Served | undefined;
  kinds(): readonly Kind[];
  /** Serves the kinds of one definition in place of those it had. Objects older than `since` get new defaults when read. */
  serve(definition: string, kinds: readonly Kind[], since: number): void;
  withdraw(definition: string): void;
  /** Rises with each change, for whoever caches what it made from `kinds()`. */
  readonly version: number;
}

export const collectionOf = (group: string, plural: string) => `${group}/${plural}`;

export function createRegistry(builtIn: readonly Kind[]): Registry {
  const definitions = new Map<string, readonly Served[]>();
  let byPath = new Map<string, Served>();
  let byCollection = new Map<string, Served>();
  let kinds: readonly Kind[] = [];
  let version = 0;
  const fixed = builtIn.map((kind) => servedOf(kind, { custom: false, since: 0 }));
  const index = () => {
    const all = [...fixed, ...[...definitions.values()].flat()];
    byPath = new Map(all.map((served) => [pathOf(served.kind), served]));
    byCollection = new Map();
    for (const served of all) if (!byCollection.has(served.collection)) byCollection.set(served.collection, served);
    kinds = all.map((served) => served.kind);
    version++;
  };
  index();
  return {
    find: (resource) => byPath.get(pathOf(resource)),
    ofCollection: (collection) => byCollection.get(collection),
    kinds: () => kinds,
    serve: (definition, added, since) => {
      definitions.set(
        definition,
        added.map((kind) => servedOf(kind, { custom: true, since })),
      );
      index();
    },
    withdraw: (definition) => {
      if (definitions.delete(definition)) index();
    },
    get version() {
      return version;
    },
  };
}

const pathOf = (resource: Pick<Kind, "group" | "version" | "plural">) =>
  `${resource.group}/${resource.version}/${resource.plural}`;

function servedOf(kind: Kind, origin: { readonly custom: boolean; readonly since: number }): Served {
  const { keptAs } = kind;
  const isStored = !keptAs && kind.version === kind.storageVersion;
  const show = (stored: JsonObject) => {
    if (keptAs) return keptAs.fromStored(stored);
    if (isStored && !origin.custom) return stored;
    return kind.convert(stored, kind.version); // also where this version is the stored one now: another one may have been
  };
  /** Defaults and pruning of a definition that is newer than the object. Whether it is still valid is not asked on reading. */
  const upToDate = (object: JsonObject) => kind.admit(object, { verb: "update", old: object, now: new Date(0) }).object;
  const served: Served = {
    kind,
    collection: keptAs ? collectionOf(keptAs.group, kind.plural) : collectionOf(kind.group, kind.plural),
    custom: origin.custom,
    view: (stored) => {
      if (stored.revision < origin.since) return stored.view(served, () => upToDate(show(stored.object)));
      return isStored ? stored : stored.view(served, () => show(stored.object));
    },
    fromStored: show,
    toStored: (object) => {
      if (keptAs) return keptAs.toStored(object);
      return isStored ? object : kind.convert(object, kind.storageVersion);
    },
  };
  return served;
}
