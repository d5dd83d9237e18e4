import type { CelFunc, CelInput, CelList, CelMap, CelValue } from "@bufbuild/cel";
import { library } from "./library.ts";

/** Kubernetes has a type of its own for them; here an optional is a map with this key, which no text can write. */
const key = "@optional";

/** The optional that holds a value, or none. */
export const optionalOf = (value: CelInput | undefined): CelInput => ({ [key]: value === undefined ? [] : [value] });

function held(optional: CelMap): CelList {
  const list = optional.get(key);
  if (list === undefined) throw new Error("called on something that is no optional");
  return list as CelList; // only `optionalOf` makes such maps
}

export function optionalFunctions(): CelFunc[] {
  const { celFunc, celMethod, CelScalar, mapType } = library().cel;
  const { STRING, DYN, BOOL } = CelScalar;
  const MAP = mapType(STRING, DYN);
  return [
    celFunc("optional.of", [DYN], MAP, optionalOf),
    celFunc("optional.none", [], MAP, () => optionalOf(undefined)),
    celFunc("optional.ofNonZeroValue", [DYN], MAP, (value) => optionalOf(isZero(value) ? undefined : value)),
    celMethod("hasValue", MAP, [], BOOL, function () {
      return held(this).size > 0;
    }),
    celMethod("value", MAP, [], DYN, function () {
      const value = held(this).get(0);
      if (value === undefined) throw new Error("value() of an optional that has none");
      return value;
    }),
    celMethod("orValue", MAP, [DYN], DYN, function (other) {
      return held(this).get(0) ?? other;
    }),
    celMethod("or", MAP, [MAP], MAP, function (other) {
      return held(this).size > 0 ? this : other;
    }),
    celMethod("__select", DYN, [STRING], MAP, function (field) {
      return part(this, field);
    }),
    celMethod("__at", DYN, [DYN], MAP, function (at) {
      return part(this, at);
    }),
  ];
}

const isList = (value: CelValue): value is CelList => library().cel.isCelList(value);
const isMap = (value: CelValue): value is CelMap => library().cel.isCelMap(value);

/** A field, an item or a value of a map, if it is there; of an optional, that of what it holds. */
function part(whole: CelValue, at: CelValue): CelInput {
  if (isList(whole)) return optionalOf(typeof at === "bigint" ? whole.get(Number(at)) : undefined);
  if (!isMap(whole)) throw new Error("no such overload: optional selection of what is neither a map nor a list");
  if (!whole.has(key)) return optionalOf(whole.get(at as string)); // keys of maps are scalars
  const inner = held(whole).get(0);
  return inner === undefined ? optionalOf(undefined) : part(inner, at);
}

const isZero = (value: CelValue) =>
  value === null || value === false || value === "" || value === 0 || value === 0n || sizeOf(value) === 0;

const sizeOf = (value: CelValue) => (isList(value) || isMap(value) ? value.size : undefined);
