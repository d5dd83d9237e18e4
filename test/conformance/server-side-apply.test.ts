import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { type BothServers, bothServers } from "./both-servers.ts";
import "./server-side-apply/built-in-kinds.ts";
import "./server-side-apply/custom-resources.ts";
import { gears, gearsIn } from "./server-side-apply/gears.ts";
import "./server-side-apply/kubectl.ts";
import "./server-side-apply/requests.ts";
import { use } from "./server-side-apply/same.ts";

/** Who owns what, and what an apply does, asked of the embedded API server and of a real one: the answers are the same. */
let both: BothServers;
beforeAll(async () => {
  both = await bothServers();
  use(both);
  await both.run(async ({ quietly }) => {
    await quietly("POST", "/api/v1/namespaces", { body: { metadata: { name: "apply" } } });
    await quietly("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", { body: gears });
    const served = async () => {
      const answers = await Promise.all(["v1", "v2"].map((version) => quietly("GET", gearsIn(version))));
      expect(answers.map(({ code }) => code)).toEqual([200, 200]);
    };
    await vi.waitFor(served, { timeout: 30_000 });
  });
}, 120_000);
afterAll(() => both.stop());

test("the comparison of answers notices another owner, another field and another code", async () => {
  const configMaps = "/api/v1/namespaces/apply/configmaps";
  const body = (data: JsonObject) => ({ metadata: { name: "control" }, data });
  const answers = async (manager: string, data: JsonObject) => {
    const { real } = await both.run(async ({ send, quietly }) => {
      await send("POST", `${configMaps}?fieldManager=${manager}`, { body: body(data) });
      await quietly("DELETE", `${configMaps}/control`);
    });
    return JSON.stringify(real).replaceAll(`fieldManager=${manager}`, "");
  };
  const first = await answers("one", { a: "1" });
  expect(await answers("one", { a: "1" })).toBe(first);
  expect(await answers("two", { a: "1" })).not.toBe(first);
  expect(await answers("one", { b: "1" })).not.toBe(first);
  expect(await answers("one", { "a/b": "1" })).not.toBe(first);
});
