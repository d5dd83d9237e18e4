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

/** @param onBug told when an index function throws: the object is then filed under nothing, and held all the same */
export function storeOf<T extends KubeObject>(indexes: Indexes<T>, onBug: (error: unknown) => void): Store<T> {
  const objects = new Map<string, T>();
  const index = indexOf(indexes, onBug);
  let all: readonly T[] | undefined;

  const remove = (key: string): Change<T>[] => {
    const old = objects.get(key);
    if (!old) return [];
    all = undefined;
    objects.delete(key);
    index.remove(key, old);
    return [{ type: "removed", object: old }];
  };
  const set = (key: string, object: T): Change<T>[] => {
    const old = objects.get(key);
    const removed = old && old.metadata.uid !== object.metadata.uid ? remove(key) : [];
    all = undefined;
    objects.set(key, object);
    if (old && removed.length === 0) index.remove(key, old);
    index.add(key, object);
    return old && removed.length === 0 ? [{ type: "updated", object, old }] : [...removed, { type: "added", object }];
  };
  return {
    get: (key) => objects.get(key),
    list: (namespace) => {
      if (namespace !== undefined) return index.by(byNamespace, namespace);
      all ??= [...objects.values()];
      return all;
    },
    by: index.by,
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

const byNamespace = "namespace of the object"; // beside the caller's indexes, under a name that is nobody's

/** Objects by what functions of them yield: for each index, and each value, those that it is filed under. */
function indexOf<T extends KubeObject>(indexes: Indexes<T>, onBug: (error: unknown) => void) {
  const namespaced: Indexes<T> = { [byNamespace]: (object) => [object.metadata.namespace ?? ""] };
  const functions = Object.entries({ ...indexes, ...namespaced });
  const files = new Map(functions.map(([name]) => [name, new Map<string, Map<string, T>>()]));
  const values = (valuesOf: (object: T) => readonly string[], object: T): readonly string[] => {
    try {
      return valuesOf(object);
    } catch (error) {
      onBug(error);
      return [];
    }
  };
  return {
    add(key: string, object: T) {
      for (const [name, valuesOf] of functions)
        for (const value of values(valuesOf, object)) {
          const filed = files.get(name)?.get(value);
          if (filed) filed.set(key, object);
          else files.get(name)?.set(value, new Map([[key, object]]));
        }
    },
    remove(key: string, object: T) {
      for (const [name, valuesOf] of functions)
        for (const value of values(valuesOf, object)) {
          const filed = files.get(name)?.get(value);
          filed?.delete(key);
          if (filed?.size === 0) files.get(name)?.delete(value);
        }
    },
    by(name: string, value: string): readonly T[] {
      const file = files.get(name);
      if (!file) throw new Error(`there is no index "${name}"`);
      return [...(file.get(value)?.values() ?? [])];
    },
  };
}
