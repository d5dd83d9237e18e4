import { expect, test } from "vitest";
import { reasons } from "../../../api/reasons.ts";
import { contents } from "../../../api/snapshot/resources.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import type { Cache } from "../../../kube/cache/cache.ts";
import type { ActContext } from "../../../kube/controller/controller.ts";
import { keyOf } from "../../../kube/object.ts";
import { aContentOf, aReadySnapshot } from "../../../testing/objects/storage.ts";
import { contentFinder } from "./controller.ts";

const content = aContentOf(aReadySnapshot("brought"));

test("an answer is forgotten with its content, also if the content goes to another node while the driver is asked", async () => {
  const held = new Map([[keyOf(content.metadata), content]]);
  const leave = () => {
    held.delete(keyOf(content.metadata));
    finder.gone?.(content);
  };
  let meanwhile: () => void = () => undefined;
  const finder = contentFinder<SnapshotContent>({
    name: "finder",
    resource: contents,
    contents: { get: (key: string) => held.get(key) } as Cache<SnapshotContent>, // nothing else of it is asked
    nodeName: "n1",
    reasons,
    wantedOf: () => undefined,
    ask: async () => meanwhile(),
  });
  const context = {} as ActContext; // it is handed on to `ask` alone
  const answerAfter = async () => {
    await finder.act({ do: "ask", content, handle: "h" }, context);
    return (await finder.observe(content, { now: new Date(0), ...context })).answer;
  };
  expect(await answerAfter()).toBe("here");
  meanwhile = leave;
  expect(await answerAfter()).toBeUndefined();
});
