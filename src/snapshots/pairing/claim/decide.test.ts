import { describe, expect, test } from "vitest";
import { groupBeingCreated } from "../../../api/annotations.ts";
import { claimFinalizer } from "../../../api/finalizers.ts";
import type { Snapshot, SnapshotContent } from "../../../api/snapshot/types.ts";
import type { Claim } from "../../../kube/core/claim.ts";
import { aClaim, aContentOf, aReadySnapshot } from "../../../testing/objects/storage.ts";
import { decide } from "./decide.ts";
import type { ClaimSeen } from "./observe.ts";

const free = aClaim("data");
const guarded = aClaim("data", {}, { finalizers: ["kubernetes.io/pvc-protection", claimFinalizer] });
const ready = aReadySnapshot("nightly");
const waiting: Snapshot = { ...ready, status: { readyToUse: false } };
const content = aContentOf(ready);
const cutting: SnapshotContent = {
  ...content,
  metadata: { ...content.metadata, annotations: { [groupBeingCreated]: "yes" } },
};

const going = <T extends Claim | Snapshot>(object: T): T => ({
  ...object,
  metadata: { ...object.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" },
});

const decided = (seen: Partial<ClaimSeen>) => {
  const { reason, steps } = decide({ claim: free, singles: [], groups: [], cuts: [], ...seen });
  return { reason, changes: steps.flat().map((action) => (action.do === "change" ? action.change : action.do)) };
};
const put = { reason: "ProtectClaim", changes: [{ addFinalizers: [claimFinalizer] }] };
const taken = { reason: "FreeClaim", changes: [{ removeFinalizers: [claimFinalizer] }] };

describe("claim protection", () => {
  test.each<[string, Partial<ClaimSeen>, object]>([
    ["nobody needs it", {}, { reason: "ClaimIsFree", changes: [] }],
    ["a snapshot asks for it", { singles: [{ request: waiting, content: undefined }] }, put],
    ["two snapshots ask and one is ready", { claim: guarded, singles: [use(ready), use(waiting)] }, isProtected()],
    ["the last snapshot is ready", { claim: guarded, singles: [use(ready)] }, taken],
    ["the snapshot is being deleted and nothing was begun", { claim: guarded, singles: [use(going(waiting))] }, taken],
    [
      "the snapshot is being deleted while the driver may cut",
      { claim: guarded, singles: [use(going(waiting))], cuts: [cutting] },
      isProtected(),
    ],
    ["the snapshot is gone while the driver may cut", { claim: guarded, cuts: [cutting] }, isProtected()],
    ["it is being deleted during a cut", { claim: going(guarded), singles: [use(waiting)] }, isProtected()],
    [
      "it is being deleted before it was bound to a content",
      { claim: going(guarded), singles: [{ request: waiting, content: undefined }] },
      taken,
    ],
    [
      "it is being deleted and was never protected",
      { claim: going(free), singles: [use(waiting)] },
      { reason: "ClaimIsGoing", changes: [] },
    ],
  ])("is right when %s", (_when, seen, expected) => {
    expect(decided(seen)).toEqual(expected);
  });

  test("changes nothing but its own finalizer, and only at the version it looked at", () => {
    const [action] = decide({ claim: guarded, singles: [], groups: [], cuts: [] }).steps.flat();
    expect(action).toMatchObject({ do: "change", object: guarded, change: { removeFinalizers: [claimFinalizer] } });
  });
});

function use(request: Snapshot) {
  return { request, content };
}

function isProtected() {
  return { reason: "ClaimIsProtected", changes: [] };
}
