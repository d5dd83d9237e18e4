import { describe, expect, test } from "vitest";
import type { Claim } from "../../kube/core/claim.ts";
import type { VolumeSpec } from "../../kube/core/volume.ts";
import { aClaim, aStorageClass, aVolumeFor, boundTo } from "../../testing/objects/storage.ts";
import { decideBinding } from "./decide.ts";
import type { BindingSeen } from "./observe.ts";

const safe = { finalizers: ["kubernetes.io/pvc-protection"] };
const completed = { ...safe, annotations: { "pv.kubernetes.io/bind-completed": "yes" } };
const terminating = { ...safe, deletionTimestamp: "2026-01-02T00:00:00Z" };

function seeing(claim: Claim, change: Partial<BindingSeen> = {}): BindingSeen {
  return {
    claim,
    storageClass: aStorageClass(),
    defaultClass: undefined,
    named: undefined,
    reserved: [],
    free: [],
    inUse: undefined,
    node: { name: "node-1", labels: { zone: "a" } },
    ...change,
  };
}

/** A volume of class "fast" that is for nobody. */
function free(name: string, spec: Partial<VolumeSpec> = {}, meta = {}) {
  const volume = aVolumeFor(aClaim("x"), spec, { name, ...meta });
  const { claimRef: _nobody, ...rest } = volume.spec;
  return { ...volume, spec: rest };
}

const only = (seen: BindingSeen) => decideBinding(seen).steps.flat()[0];
const said = (seen: BindingSeen) => decideBinding(seen).events?.[0]?.message;
const taken = (seen: BindingSeen) => {
  const action = only(seen);
  return action?.do === "reserveVolume" ? action.volume.metadata.name : undefined;
};

describe("which volume a claim gets", () => {
  const claim = aClaim("data", {}, safe);

  test("asks the class's driver when nothing that exists will do, and protects the claim in the same patch", () => {
    const action = only(seeing(aClaim("data")));
    expect(action).toMatchObject({
      do: "patchClaim",
      change: {
        finalizers: ["kubernetes.io/pvc-protection"],
        annotations: {
          "volume.kubernetes.io/storage-provisioner": "scripted.csi.example.com",
          "volume.beta.kubernetes.io/storage-provisioner": "scripted.csi.example.com",
        },
      },
    });
  });

  test("asks once, and then waits", () => {
    const annotations = {
      "volume.kubernetes.io/storage-provisioner": "scripted.csi.example.com",
      "volume.beta.kubernetes.io/storage-provisioner": "scripted.csi.example.com",
    };
    expect(decideBinding(seeing(aClaim("data", {}, { ...safe, annotations })))).toMatchObject({
      steps: [],
      reason: "WaitForVolume",
    });
  });

  test("names this node as the consumer where the class waits for one", () => {
    const storageClass = aStorageClass({ volumeBindingMode: "WaitForFirstConsumer" });
    const action = only(seeing(claim, { storageClass }));
    expect(action).toMatchObject({ change: { annotations: { "volume.kubernetes.io/selected-node": "node-1" } } });
  });

  test("takes the volume that was made for it before any other", () => {
    const made = aVolumeFor(claim);
    const action = only(seeing(claim, { reserved: [made], free: [free("tempting")] }));
    expect(action).toMatchObject({ do: "patchClaim", change: { spec: { volumeName: made.metadata.name } } });
  });

  test("reserves the volume first, and names it only when that is written", () => {
    expect(taken(seeing(claim, { free: [free("lying-there")] }))).toBe("lying-there");
    const ownedByName = aVolumeFor(claim, { claimRef: { namespace: "shop", name: "data" } });
    expect(taken(seeing(claim, { reserved: [ownedByName] }))).toBe(ownedByName.metadata.name);
  });

  test("takes the smallest that is large enough", () => {
    const sizes = ["512Mi", "4Gi", "2Gi"].map((storage) => free(`of-${storage}`, { capacity: { storage } }));
    expect(taken(seeing(claim, { free: sizes }))).toBe("of-2Gi");
  });

  test.each([
    ["of another mode", claim, free("no", { volumeMode: "Block" })],
    ["without the access mode", claim, free("no", { accessModes: ["ReadOnlyMany"] })],
    [
      "that its selector does not match",
      aClaim("data", { selector: { matchLabels: { tier: "gold" } } }, safe),
      free("no"),
    ],
    ["of another class", claim, free("no", { storageClassName: "slow" })],
    ["that is being deleted", claim, free("no", {}, { deletionTimestamp: "2026-01-02T00:00:00Z" })],
    [
      "that this node cannot reach",
      claim,
      free("no", {
        nodeAffinity: {
          required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: ["b"] }] }] },
        },
      }),
    ],
    [
      "while it is to start with the data of a snapshot",
      aClaim("data", { dataSource: { kind: "VolumeSnapshot", name: "s" } }, safe),
      free("no"),
    ],
  ])("takes no volume %s", (_, wanting, volume) => {
    expect(only(seeing(wanting, { free: [volume] }))).toMatchObject({ do: "patchClaim", change: { annotations: {} } });
  });

  test("gives a claim without class the default one, if there is one by now", () => {
    const { storageClassName: _none, ...spec } = claim.spec;
    const classless = { ...claim, spec };
    const seen = seeing(classless, { storageClass: undefined, defaultClass: aStorageClass({}, "standard") });
    expect(only(seen)).toMatchObject({ change: { spec: { storageClassName: "standard" } } });
    expect(said(seeing(classless, { storageClass: undefined }))).toMatch(/no StorageClass is the default/);
  });

  test.each([
    [
      "its class does not exist",
      seeing(claim, { storageClass: undefined }),
      /names "fast", and there is no such StorageClass/,
    ],
    [
      "it wants none of a class",
      seeing(aClaim("data", { storageClassName: "" }, safe), { storageClass: undefined }),
      /no volume without class will do/,
    ],
    [
      "it names a volume that does not exist",
      seeing(aClaim("data", { volumeName: "v" }, safe)),
      /names "v", and there is no such volume: create it/,
    ],
    [
      "it names a volume of another claim",
      seeing(aClaim("data", { volumeName: "v" }, safe), { named: aVolumeFor(aClaim("other")) }),
      /which is for shop\/other/,
    ],
    [
      "it names a volume that is too small",
      seeing(aClaim("data", { volumeName: "v" }, safe), { named: free("v", { capacity: { storage: "1Mi" } }) }),
      /has 1Mi, the claim asks for 1Gi/,
    ],
  ])("says why a claim stays pending when %s", (_, seen, message) => {
    expect([decideBinding(seen).steps, said(seen)]).toEqual([[], expect.stringMatching(message)]);
  });
});

describe("what becomes of a claim that has its volume", () => {
  const claim = aClaim("data", {}, completed);
  const volume = aVolumeFor(claim);
  const bound = boundTo(volume, claim);
  const unsaid: Claim = { ...bound, status: { phase: "Pending" } };

  test("says bound, with the volume's capacity, once both sides agree", () => {
    expect(only(seeing(unsaid, { named: volume }))).toMatchObject({
      do: "writeClaimStatus",
      status: { phase: "Bound", capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"] },
    });
  });

  test("says it once", () => {
    expect(decideBinding(seeing(bound, { named: volume })).reason).toBe("Bound");
  });

  test.each([
    ["is gone", undefined, /its volume "pvc-uid-of-data" is gone/],
    ["belongs to another claim", aVolumeFor(aClaim("other")), /is bound to another claim/],
  ])("calls a claim lost whose volume %s", (_, named, message) => {
    const seen = seeing(bound, { named });
    expect([only(seen), said(seen)]).toEqual([
      expect.objectContaining({ status: expect.objectContaining({ phase: "Lost" }) }),
      expect.stringMatching(message),
    ]);
  });

  test.each(["published", "pods"] as const)("keeps a claim under deletion that is still used (%s)", (inUse) => {
    expect(decideBinding(seeing(aClaim("data", {}, terminating), { inUse })).steps).toEqual([]);
  });

  test("looks again whether a claim under deletion is still published, as nothing in the API may tell", () => {
    const decided = decideBinding(seeing(aClaim("data", {}, terminating), { inUse: "published" }));
    expect(decided.next).toEqual({ when: "later", delayMs: 1000 });
  });

  test("lets a claim under deletion go when nobody uses it any more", () => {
    expect(only(seeing(aClaim("data", {}, terminating)))?.do).toBe("unprotectClaim");
  });
});
