import { expect, test } from "vitest";
import type { Volume, VolumeSpec } from "../../kube/core/volume.ts";
import { aClaim, aVolumeFor, boundTo } from "../../testing/objects/storage.ts";
import { decidePhase } from "./decide.ts";

const claim = aClaim("data");
const now = new Date("2026-01-03T00:00:00Z");
const safe = { finalizers: ["kubernetes.io/pv-protection"] };

function inPhase(phase: NonNullable<Volume["status"]>["phase"], spec: Partial<VolumeSpec> = {}, meta = {}): Volume {
  return { ...aVolumeFor(claim, spec, { ...safe, ...meta }), status: phase ? { phase } : {} };
}

const bound = boundTo(aVolumeFor(claim), claim);
const elsewhere = { ...bound, spec: { ...bound.spec, volumeName: "other" } };

test("protects a volume before anything is said of it", () => {
  expect(decidePhase({ volume: aVolumeFor(claim), claim: bound, now }).steps).toEqual([
    [expect.objectContaining({ do: "protectVolume" })],
  ]);
});

test.each([
  ["Bound when its claim names it", inPhase("Pending"), bound, "Bound"],
  ["Released when its claim is gone", inPhase("Bound"), undefined, "Released"],
  ["Released when it was made for a claim that got another one", inPhase("Pending"), elsewhere, "Released"],
  [
    "Available when a user gave it to a claim by name",
    inPhase("Pending", { claimRef: { namespace: "shop", name: "data" } }),
    undefined,
    "Available",
  ],
])("calls a volume %s", (_, volume, seenClaim, phase) => {
  expect(decidePhase({ volume, claim: seenClaim, now }).steps.flat()).toEqual([
    expect.objectContaining({
      do: "writeVolumeStatus",
      status: { phase, lastPhaseTransitionTime: "2026-01-03T00:00:00Z" },
    }),
  ]);
});

test("leaves the phase of a volume as it is until its claim has named it, and says nothing twice", () => {
  expect(decidePhase({ volume: inPhase("Pending"), claim, now }).steps).toEqual([]);
  expect(decidePhase({ volume: inPhase("Bound"), claim: bound, now }).steps).toEqual([]);
});

test("takes back a volume that was chosen for a claim which got another one", () => {
  const annotations = { "pv.kubernetes.io/bound-by-controller": "yes" };
  const volume = inPhase("Bound", {}, { annotations });
  expect(decidePhase({ volume, claim: elsewhere, now }).steps.flat()[0]?.do).toBe("unreserveVolume");
});

test("lets a volume under deletion go once it is bound to nobody", () => {
  const deletionTimestamp = "2026-01-02T00:00:00Z";
  const ofNobody = inPhase("Released", {}, { deletionTimestamp });
  expect(decidePhase({ volume: ofNobody, claim: undefined, now }).steps.flat()[0]?.do).toBe("unprotectVolume");
  expect(decidePhase({ volume: inPhase("Bound", {}, { deletionTimestamp }), claim: bound, now }).steps).toEqual([]);
});
