import { isIP } from "node:net";
import type { CelFunc, CelInput, CelList, CelMap, CelValue } from "@bufbuild/cel";
import {
  dns1035LabelProblem,
  dnsLabelProblem,
  dnsSubdomainProblem,
  labelValueProblem,
  qualifiedNameProblem,
} from "../kinds/names.ts";
import { formats, isCidr } from "../schema/format.ts";
import { compareQuantities, parseQuantity, type Quantity } from "../schema/quantity.ts";
import { library } from "./library.ts";
import { optionalFunctions, optionalOf } from "./optional.ts";
import { pairFunctions } from "./pairs.ts";
import { regexFunctions } from "./regex.ts";

/**
 * The functions Kubernetes adds to CEL, beside those for strings that come with the library. What Kubernetes has types of
 * its own for are maps here: a quantity, a URL, an address, a format, an optional.
 */
export function kubernetesFunctions(): CelFunc[] {
  return [
    ...listFunctions(),
    ...regexFunctions(),
    ...quantityFunctions(),
    ...addressFunctions(),
    ...formatFunctions(),
    ...optionalFunctions(),
    ...pairFunctions(),
    ...setFunctions(),
  ];
}

function types() {
  const { celFunc, celMethod, CelScalar, listType, mapType } = library().cel;
  return {
    celFunc,
    celMethod,
    ...CelScalar,
    LIST: listType(CelScalar.DYN),
    MAP: mapType(CelScalar.STRING, CelScalar.DYN),
  };
}

function less(a: CelValue, b: CelValue): boolean {
  return (a as number | bigint | string) < (b as number | bigint | string); // lists of one comparable type
}

function listFunctions(): CelFunc[] {
  const { celMethod, LIST, DYN, BOOL, INT } = types();
  const extreme = (list: CelList, isBetter: (a: CelValue, b: CelValue) => boolean): CelInput => {
    const items = [...list];
    if (items.length === 0) throw new Error("called on an empty list");
    return items.reduce((best, item) => (isBetter(item, best) ? item : best));
  };
  const equals = (a: CelValue, b: CelValue) => a === b;
  return [
    celMethod("isSorted", LIST, [], BOOL, function () {
      const items = [...this];
      return items.every((item, i) => i === 0 || !less(item, items[i - 1] ?? item));
    }),
    celMethod("min", LIST, [], DYN, function () {
      return extreme(this, less);
    }),
    celMethod("max", LIST, [], DYN, function () {
      return extreme(this, (a, b) => less(b, a));
    }),
    celMethod("sum", LIST, [], DYN, function () {
      const items = [...this];
      if (typeof items[0] === "number") return items.reduce<number>((sum, item) => sum + Number(item), 0);
      return items.reduce<bigint>((sum, item) => sum + (item as bigint), 0n); // ints or nothing
    }),
    celMethod("indexOf", LIST, [DYN], INT, function (wanted) {
      return BigInt([...this].findIndex((item) => equals(item, wanted)));
    }),
    celMethod("lastIndexOf", LIST, [DYN], INT, function (wanted) {
      return BigInt([...this].findLastIndex((item) => equals(item, wanted)));
    }),
  ];
}

const nanoPerUnit = 1_000_000_000n;

function quantityFunctions(): CelFunc[] {
  const { celFunc, celMethod, STRING, MAP, BOOL, INT, DOUBLE } = types();
  const get = (text: string): Quantity => {
    const quantity = parseQuantity(text);
    if (quantity) return quantity;
    throw new Error(`"${text}" is no quantity`);
  };
  const wrap = (nano: bigint) => ({ nano });
  const read = (map: CelMap | { readonly nano: bigint }): Quantity => {
    const nano = "nano" in map ? map.nano : map.get("nano");
    if (typeof nano !== "bigint") throw new Error("called on something that is no quantity");
    return { nano, style: "decimal" };
  };
  const comparison = (name: string, holds: (order: number) => boolean) =>
    celMethod(name, MAP, [MAP], BOOL, function (other) {
      return holds(compareQuantities(read(this), read(other)));
    });
  return [
    celFunc("quantity", [STRING], MAP, (text) => wrap(get(text).nano)),
    celFunc("isQuantity", [STRING], BOOL, (text) => parseQuantity(text) !== undefined),
    comparison("isLessThan", (order) => order < 0),
    comparison("isGreaterThan", (order) => order > 0),
    celMethod("compareTo", MAP, [MAP], INT, function (other) {
      return BigInt(compareQuantities(read(this), read(other)));
    }),
    celMethod("sign", MAP, [], INT, function () {
      return BigInt(compareQuantities(read(this), { nano: 0n, style: "decimal" }));
    }),
    celMethod("isInteger", MAP, [], BOOL, function () {
      return read(this).nano % nanoPerUnit === 0n;
    }),
    celMethod("asInteger", MAP, [], INT, function () {
      return read(this).nano / nanoPerUnit;
    }),
    celMethod("asApproximateFloat", MAP, [], DOUBLE, function () {
      return Number(read(this).nano) / Number(nanoPerUnit);
    }),
    celMethod("add", MAP, [MAP], MAP, function (other) {
      return wrap(read(this).nano + read(other).nano);
    }),
    celMethod("add", MAP, [INT], MAP, function (other) {
      return wrap(read(this).nano + other * nanoPerUnit);
    }),
    celMethod("sub", MAP, [MAP], MAP, function (other) {
      return wrap(read(this).nano - read(other).nano);
    }),
    celMethod("sub", MAP, [INT], MAP, function (other) {
      return wrap(read(this).nano - other * nanoPerUnit);
    }),
  ];
}

function addressFunctions(): CelFunc[] {
  const { celFunc, celMethod, STRING, MAP, BOOL, INT } = types();
  const part = (name: string, read: (url: URL) => string) =>
    celMethod(name, MAP, [], STRING, function () {
      return read(new URL(String(this.get("url"))));
    });
  const wrapIp = (text: string) => {
    if (isIP(text) === 0) throw new Error(`"${text}" is no IP address`);
    return { ip: text };
  };
  return [
    celFunc("isURL", [STRING], BOOL, (text) => URL.canParse(text)),
    celFunc("url", [STRING], MAP, (text) => ({ url: new URL(text).href })),
    part("getScheme", (url) => url.protocol.slice(0, -1)),
    part("getHost", (url) => url.host),
    part("getHostname", (url) => url.hostname.replace(/^\[(.*)\]$/, "$1")),
    part("getPort", (url) => url.port),
    part("getEscapedPath", (url) => url.pathname),
    celFunc("isIP", [STRING], BOOL, (text) => isIP(text) !== 0),
    celFunc("ip", [STRING], MAP, wrapIp),
    celMethod("family", MAP, [], INT, function () {
      return BigInt(isIP(String(this.get("ip"))));
    }),
    celFunc("isCIDR", [STRING], BOOL, isCidr),
  ];
}

const namedFormats: ReadonlyMap<string, (text: string) => string | undefined> = new Map([
  ["dns1123Label", dnsLabelProblem],
  ["dns1123Subdomain", dnsSubdomainProblem],
  ["dns1035Label", dns1035LabelProblem],
  ["qualifiedName", qualifiedNameProblem],
  ["labelValue", labelValueProblem],
  ["uri", (text) => (URL.canParse(text) ? undefined : "is no URI")],
  ["uuid", (text) => (formats.get("uuid")?.(text) ? undefined : "is no UUID")],
  ["byte", (text) => (formats.get("byte")?.(text) ? undefined : "is not base64")],
  ["date", (text) => (formats.get("date")?.(text) ? undefined : "is no date")],
  ["datetime", (text) => (formats.get("date-time")?.(text) ? undefined : "is no date-time")],
]);

function formatFunctions(): CelFunc[] {
  const { celFunc, celMethod, STRING, MAP } = types();
  return [
    ...[...namedFormats.keys()].map((name) => celFunc(`format.${name}`, [], MAP, () => ({ format: name }))),
    celMethod("validate", MAP, [STRING], MAP, function (text) {
      const problem = namedFormats.get(String(this.get("format")))?.(text);
      return optionalOf(problem === undefined ? undefined : [problem]);
    }),
  ];
}

function setFunctions(): CelFunc[] {
  const { celFunc, LIST, BOOL } = types();
  const contains = (a: CelList, b: CelList) => {
    const items = new Set(a);
    return [...b].every((item) => items.has(item));
  };
  return [
    celFunc("sets.contains", [LIST, LIST], BOOL, contains),
    celFunc("sets.intersects", [LIST, LIST], BOOL, (a, b) => {
      const items = new Set(a);
      return [...b].some((item) => items.has(item));
    }),
    celFunc("sets.equivalent", [LIST, LIST], BOOL, (a, b) => contains(a, b) && contains(b, a)),
  ];
}
