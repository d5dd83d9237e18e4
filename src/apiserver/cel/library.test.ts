import { expect, test } from "vitest";
import { compileExpression } from "./expression.ts";
import { library, loadLibrary } from "./library.ts";

test("the CEL library can be loaded ahead of the first rule, and is loaded once", async () => {
  await loadLibrary();
  const loaded = library();
  await loadLibrary();
  expect(library()).toBe(loaded);
  const schema = { type: "object", properties: { n: { type: "integer" } } } as const;
  const expression = compileExpression("self.n == 1", { self: schema, oldSelf: schema });
  expect(expression.evaluate({ self: { n: 1n } })).toBe(true);
});
