import { expect, test } from "vitest";
import { aReadySnapshot } from "../../testing/objects/storage.ts";
import { canServe } from "./restore.ts";

const ready = aReadySnapshot("nightly");
const going = { ...ready, metadata: { ...ready.metadata, deletionTimestamp: "2026-01-01T00:00:05Z" } };
const before = { creationTimestamp: "2026-01-01T00:00:05Z" };
const after = { creationTimestamp: "2026-01-01T00:00:06Z" };

test("a snapshot that is being deleted serves the claims that were there before, and no later one", () => {
  expect([canServe(ready, after), canServe(going, before), canServe(going, after)]).toEqual([true, true, false]);
});

test("a snapshot that is deleted before it was ready serves nobody, so that no claim holds it", () => {
  expect(canServe({ ...going, status: { readyToUse: false } }, before)).toBe(false);
});
