import { type KubeObject, keyOf } from "../object.ts";
import type { Change, Indexes } from "./cache.ts";
import { compareVersions } from "./version.ts";

/** The objects of one kind and their indexes. Each call that changes something answers with what it changed. */
export interface Store<T extends KubeObject> {
  get(key: string): T | undefined;
  list(namespace?: string): readonly T[];
  by(name: string, value: string): readonly T[];
  /** Nothing changes when the store holds this version of the object, or a newer one. */
  put(object: T): readonly Change<T>[];
  remove(key: string): readonly Change<T>[];
  /** Makes these the only objects, whatever versions were there before. */
  replace(objects: readonly T[]): readonly Change<T>[];
}

const byNamespace = "namespace of the object"; // beside the caller's indexes, under a name that is nobody's

export function storeOf<T extends KubeObject>(indexes: Indexes<T> = {}): Store<T> {
  const objects = new Map<string, T>();
  const files = new Map<string, Map<string, Map<string, T>>>();
  const functions = Object.entries({ ...indexes, [byNamespace]: (object: T) => [object.metadata.namespace ?? ""] });
  for (const [name] of functions) files.set(name, new Map());
  let all: readonly T[] | undefined;

  const file = (key: string, object: T) => {
    for (const [name, valuesOf] of functions)
      for (const value of valuesOf(object)) {
        const byValue = files.get(name);
        const filed = byValue?.get(value);
        if (filed) filed.set(key, object);
        else byValue?.set(value, new Map([[key, object]]));
      }
  };
  const unfile = (key: string, object: T) => {
    for (const [name, valuesOf] of functions)
      for (const value of valuesOf(object)) {
        const filed = files.get(name)?.get(value);
        filed?.delete(key);
        if (filed?.size === 0) files.get(name)?.delete(value);
      }
  };
  const remove = (key: string): Change<T>[] => {
    const old = objects.get(key);
    if (!old) return [];
    all = undefined;
    objects.delete(key);
    unfile(key, old);
    return [{ type: "removed", object: old }];
  };
  const set = (key: string, object: T): Change<T>[] => {
    const old = objects.get(key);
    const removed = old && old.metadata.uid !== object.metadata.uid ? remove(key) : [];
    all = undefined;
    objects.set(key, object);
    if (old && removed.length === 0) unfile(key, old);
    file(key, object);
    return old && removed.length === 0 ? [{ type: "updated", object, old }] : [...removed, { type: "added", object }];
  };
  const by = (name: string, value: string): readonly T[] => {
    const byValue = files.get(name);
    if (!byValue) throw new Error(`there is no index "${name}"`);
    return [...(byValue.get(value)?.values() ?? [])];
  };

  return {
    get: (key) => objects.get(key),
    list: (namespace) => {
      if (namespace !== undefined) return by(byNamespace, namespace);
      all ??= [...objects.values()];
      return all;
    },
    by,
    put: (object) => {
      const key = keyOf(object.metadata);
      const old = objects.get(key);
      const isNews = !old || compareVersions(object.metadata.resourceVersion, old.metadata.resourceVersion) > 0;
      return isNews ? set(key, object) : [];
    },
    remove,
    replace: (next) => {
      const keys = new Set(next.map((object) => keyOf(object.metadata)));
      const removed = [...objects.keys()].filter((key) => !keys.has(key)).flatMap(remove);
      const changed = next.flatMap((object) => {
        const key = keyOf(object.metadata);
        const old = objects.get(key);
        const isSame =
          old?.metadata.uid === object.metadata.uid && old.metadata.resourceVersion === object.metadata.resourceVersion;
        return isSame ? [] : set(key, object);
      });
      return [...removed, ...changed];
    },
  };
}
