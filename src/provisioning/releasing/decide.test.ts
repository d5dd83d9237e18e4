import { expect, test } from "vitest";
import type { Volume, VolumeSpec } from "../../kube/core/volume.ts";
import { aClaim, aVolumeFor, scriptedDriverName } from "../../testing/objects/storage.ts";
import { decideReleasing } from "./decide.ts";

const finalizers = ["external-provisioner.volume.kubernetes.io/finalizer"];
const annotations = { "pv.kubernetes.io/provisioned-by": scriptedDriverName };
const deletionTimestamp = "2026-01-02T00:00:00Z";

function inPhase(phase: NonNullable<Volume["status"]>["phase"], spec: Partial<VolumeSpec> = {}, meta = {}): Volume {
  const volume = aVolumeFor(aClaim("data"), spec, { finalizers, annotations, ...meta });
  return { ...volume, status: phase ? { phase } : {} };
}

const plan = (volume: Volume, isHere = true) => decideReleasing({ volume, driver: scriptedDriverName, isHere });
const did = (volume: Volume) =>
  plan(volume)
    .steps.flat()
    .map((action) => action.do);

test("leaves a released volume of another node to the provisioner there, whose driver has it", () => {
  expect(plan(inPhase("Released"), false)).toMatchObject({ reason: "OtherNode", steps: [] });
});

test("deletes the data of a released volume first, then its object", () => {
  expect(did(inPhase("Released"))).toEqual(["deleteOnStorage", "unprotectVolume", "deleteObject"]);
});

test("deletes the data of a volume that somebody deleted, once no claim is bound to it", () => {
  expect(did(inPhase("Available", {}, { deletionTimestamp }))).toEqual(["deleteOnStorage", "unprotectVolume"]);
  expect(did(inPhase("Bound", {}, { deletionTimestamp }))).toEqual([]);
});

test("asks the driver no more once its part is done, whatever else still holds the object", () => {
  const held = { deletionTimestamp, finalizers: ["kubernetes.io/pv-protection"] };
  expect(did(inPhase("Released", {}, held))).toEqual([]);
});

test("names the secret that the class gave for deletion", () => {
  const withSecret = {
    ...annotations,
    "volume.kubernetes.io/provisioner-deletion-secret-name": "key",
    "volume.kubernetes.io/provisioner-deletion-secret-namespace": "vault",
  };
  const [first] = plan(inPhase("Released", {}, { annotations: withSecret })).steps.flat();
  expect(first).toMatchObject({ handle: "handle-of-data", secret: { name: "key", namespace: "vault" } });
});

test.each([
  ["is bound", inPhase("Bound")],
  ["is available", inPhase("Available")],
  ["has no phase yet", inPhase(undefined)],
  ["is to be retained", inPhase("Released", { persistentVolumeReclaimPolicy: "Retain" })],
  ["is of another driver", inPhase("Released", { csi: { driver: "other", volumeHandle: "h" } })],
  ["was made by hand", inPhase("Released", {}, { annotations: {} })],
])("leaves alone a volume that %s", (_, volume) => {
  expect(did(volume)).toEqual([]);
});

test("lets a retained volume's object go when somebody deletes it, and keeps the data", () => {
  const retained = { persistentVolumeReclaimPolicy: "Retain" as const };
  expect(did(inPhase("Released", retained, { deletionTimestamp }))).toEqual(["unprotectVolume"]);
});
