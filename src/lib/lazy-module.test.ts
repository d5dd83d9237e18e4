import { expect, test } from "vitest";
import { exportsOf } from "./lazy-module.ts";

test("the exports of a package are found by name, whether it came bundled or not", () => {
  const parse = () => 1;
  const asNode = { parse, default: { parse } };
  expect(exportsOf(asNode).parse).toBe(parse);
  const asBundled: typeof asNode = Object.create(null);
  Object.assign(asBundled, { default: { parse } });
  expect(exportsOf(asBundled).parse).toBe(parse);
});
