import { expect, test } from "vitest";
import { deviations } from "../conformance/api/deviations.ts";
import { describeApi, mustDeviate } from "../conformance/api/run.ts";
import { embedded } from "../conformance/api/server.ts";

describeApi("the embedded API server", { start: embedded, deviations });

test("a declared deviation of the API that is none any more fails, and one that is passes", async () => {
  await expect(mustDeviate("too early", () => Promise.resolve())).rejects.toThrow("no longer deviates");
  await mustDeviate("too early", () => Promise.reject(new Error("deviates")));
});
