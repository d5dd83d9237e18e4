import type { CelFunc, CelInput, CelList, CelMap } from "@bufbuild/cel";
import { library } from "./library.ts";

/** What comprehensions with two variables are made of (`macros.ts`). */
export function pairFunctions(): CelFunc[] {
  const { celFunc, CelScalar, listType, mapType } = library().cel;
  const { DYN } = CelScalar;
  const LIST = listType(DYN);
  const MAP = mapType(DYN, DYN);
  return [
    celFunc("__keys", [LIST], LIST, (list) => Array.from({ length: list.size }, (_, i) => BigInt(i))),
    celFunc("__keys", [MAP], LIST, (map) => [...map.keys()]),
    celFunc("__mapOf", [LIST], MAP, (pairs) => mapOf([...pairs].map((pair) => entryOf(pair as CelList)))), // made by the macro
    celFunc("__merged", [LIST], MAP, (maps) => mapOf([...maps].flatMap((map) => [...(map as CelMap)]))), // what the rule says it is
  ];
}

type Entry = readonly [CelInput, CelInput];

const entryOf = (pair: CelList): Entry => [pair.get(0) ?? null, pair.get(1) ?? null];

function mapOf(entries: readonly Entry[]): Map<string, CelInput> {
  const map = new Map<string, CelInput>();
  for (const [name, value] of entries) {
    const text = name as string; // keys of maps are scalars
    if (map.has(text)) throw new Error(`insert failed: key ${JSON.stringify(text)} already exists`);
    map.set(text, value);
  }
  return map;
}
