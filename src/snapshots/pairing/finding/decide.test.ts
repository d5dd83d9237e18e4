import { expect, test } from "vitest";
import { managedBy } from "../../../api/labels.ts";
import { contents } from "../../../api/snapshot/resources.ts";
import { aContentOf, aReadySnapshot } from "../../../testing/objects/storage.ts";
import { type Answer, decideFinding, patienceMs, type Wanted } from "./decide.ts";

const deletedAt = "2026-01-01T00:00:00Z";
const living = aContentOf(aReadySnapshot("brought"));
const deleted = { ...living, metadata: { ...living.metadata, deletionTimestamp: deletedAt } };
const unknownToAll: Wanted = { handle: "h", isReleased: true, mayGoUnfound: true };

interface Asked {
  readonly content?: typeof living;
  readonly answer?: Answer;
  readonly wanted?: Wanted | undefined;
  readonly afterMs?: number;
}

function planOf(asked: Asked = {}) {
  const { content = living, answer, afterMs = 0 } = asked;
  const wanted = "wanted" in asked ? asked.wanted : { ...unknownToAll, isReleased: false };
  const now = new Date(Date.parse(deletedAt) + afterMs);
  const unfoundReason = "Unfound";
  return decideFinding({ content, resource: contents, nodeName: "n1", unfoundReason, wanted, answer, now });
}
const done = ({ steps }: ReturnType<typeof planOf>) => steps.flat().map((action) => action.do);

test("asks the driver of the node for the snapshot of a content that carries no label, and for nothing else", () => {
  expect(planOf().steps).toEqual([[{ do: "ask", content: living, handle: "h" }]]);
  expect(planOf({ wanted: undefined })).toMatchObject({ reason: "NothingToFind", steps: [] });
});

test("labels a content whose snapshot is on this node, unless somebody has touched it since it was read", () => {
  const { steps, events } = planOf({ answer: "here" });
  const change = { labels: { [managedBy]: "n1" }, ifUnchanged: true };
  expect(steps).toEqual([[{ do: "change", resource: contents, object: living, change }]]);
  expect(events).toBeUndefined();
});

test("leaves a content of another node alone without a word, and asks again ever more seldom", () => {
  const plan = planOf({ answer: "elsewhere" });
  expect(done(plan)).toEqual(["forget"]);
  expect(plan.events).toBeUndefined();
  expect(plan.next).toEqual({ when: "poll", capMs: 300_000 });
});

test("gives a deleted content up that no node knew within five minutes, and says so", () => {
  const asked = { content: deleted, answer: "elsewhere" as const, wanted: unknownToAll };
  expect(done(planOf({ ...asked, afterMs: patienceMs - 1 }))).toEqual(["forget"]);
  const given = planOf({ ...asked, afterMs: patienceMs });
  expect(given).toMatchObject({ reason: "GiveUpFinding", events: [{ type: "Warning", reason: "Unfound" }] });
  expect(done(given)).toEqual(["change"]);
});

test("never gives up a content whose snapshot may be left on a storage, or whose VolumeSnapshot still holds it", () => {
  for (const wanted of [
    { ...unknownToAll, mayGoUnfound: false },
    { ...unknownToAll, isReleased: false },
  ])
    expect(done(planOf({ content: deleted, answer: "elsewhere", wanted, afterMs: 100 * patienceMs }))).toEqual([
      "forget",
    ]);
});
