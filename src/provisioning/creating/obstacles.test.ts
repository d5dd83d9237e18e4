import { describe, expect, test } from "vitest";
import {
  able,
  content,
  fromClaim,
  fromSnapshot,
  origin,
  ours,
  seeing,
  snapshot,
} from "../../testing/creating-builders.ts";
import { aClaim, aStorageClass } from "../../testing/objects/storage.ts";
import { decideCreating } from "./decide.ts";
import type { CreatingSeen } from "./observe.ts";

const did = (seen: CreatingSeen) => decideCreating(seen).steps.map((step) => step.map((action) => action.do));
const said = (seen: CreatingSeen) => decideCreating(seen).events?.map((event) => event.message)[0];
describe("what a claim is refused for", () => {
  const claim = aClaim("copy", {}, ours);
  const asking = (storage: string) => aClaim("copy", { resources: { requests: { storage } } }, ours);
  const snapshotWith = (change: object) => ({ ...fromSnapshot, ...change });
  const unready = { ...snapshot, status: { ...snapshot.status, readyToUse: false } };
  const deletedAt = (deletionTimestamp: string) => ({
    ...snapshot,
    metadata: { ...snapshot.metadata, deletionTimestamp },
  });
  const otherDriver = { ...content, spec: { ...content.spec, driver: "other.csi.example.com" } };
  const otherRef = { ...content, spec: { ...content.spec, volumeSnapshotRef: { name: "daily", uid: "older" } } };
  const allowed = {
    ...content,
    metadata: {
      ...content.metadata,
      annotations: { "snapshot.storage.kubernetes.io/allow-volume-mode-change": "true" },
    },
  };
  const block = aClaim("copy", { volumeMode: "Block" }, ours);
  const foreign = { apiGroup: "example.com", kind: "Dump", name: "d" };

  test.each<[string, CreatingSeen, RegExp]>([
    [
      "a class that does not exist",
      seeing(claim, { storageClass: undefined }),
      /storageClassName names "fast".*create it/,
    ],
    ["a driver that makes no volumes", seeing(claim, { capabilities: able([]) }), /no CREATE_DELETE_VOLUME/],
    [
      "a source in another namespace",
      seeing(claim, { source: { kind: "elsewhere", namespace: "bank" } }),
      /dataSourceRef.namespace is "bank"/,
    ],
    [
      "a source for a populator",
      seeing(claim, { source: { kind: "foreign", source: foreign } }),
      /Dump.example.com "d": a volume populator/,
    ],
    [
      "a selector",
      seeing(aClaim("copy", { selector: { matchLabels: { a: "b" } } }, ours)),
      /spec.selector chooses.*remove it/,
    ],
    ["no access mode", seeing(aClaim("copy", { accessModes: [] }, ours)), /spec.accessModes is empty/],
    [
      "an access mode the driver lacks",
      seeing(aClaim("copy", { accessModes: ["ReadWriteOncePod"] }, ours)),
      /use ReadWriteOnce$/,
    ],
    ["no size", seeing(aClaim("copy", { resources: {} }, ours)), /requests.storage is missing/],
    ["a size of nothing", seeing(asking("0")), /requests.storage is 0/],
    ["a size that is none", seeing(asking("much")), /"much" is no size/],
    [
      "a size over its own limit",
      seeing(aClaim("copy", { resources: { requests: { storage: "2Gi" }, limits: { storage: "1Gi" } } }, ours)),
      /2Gi is over the limit 1Gi: lower it/,
    ],
    [
      "snapshots that cannot be seen",
      seeing(claim, { source: fromSnapshot, snapshotTrouble: "no CRD" }),
      /cannot be looked at: no CRD/,
    ],
    [
      "a snapshot that does not exist",
      seeing(claim, { source: snapshotWith({ snapshot: undefined }) }),
      /VolumeSnapshot "daily", which does not exist/,
    ],
    [
      "a snapshot that is not ready",
      seeing(claim, { source: snapshotWith({ snapshot: unready }) }),
      /"daily" is not ready to use yet/,
    ],
    [
      "a snapshot that was being deleted when the claim came",
      seeing(claim, { source: snapshotWith({ snapshot: deletedAt("2025-12-31T23:59:59Z") }) }),
      /"daily" is being deleted: use another one/,
    ],
    [
      "a snapshot whose content is another's",
      seeing(claim, { source: snapshotWith({ content: otherRef }) }),
      /bound to another snapshot/,
    ],
    [
      "a snapshot of another driver",
      seeing(claim, { source: snapshotWith({ content: otherDriver }) }),
      /is of driver other.csi.example.com.*use a class of/,
    ],
    [
      "another mode than the snapshot's",
      seeing(block, { source: fromSnapshot }),
      /spec.volumeMode is Block.*use Filesystem, or set/,
    ],
    [
      "less room than its snapshot needs",
      seeing(asking("512Mi"), { source: fromSnapshot }),
      /512Mi is less than the 1Gi of VolumeSnapshot "daily": ask for 1Gi/,
    ],
    [
      "a source claim that does not exist",
      seeing(claim, { source: { ...fromClaim, claim: undefined } }),
      /claim "origin", which does not exist/,
    ],
    [
      "a source claim that is not bound",
      seeing(claim, { source: { ...fromClaim, claim: origin } }),
      /"origin" is not bound yet/,
    ],
    [
      "a source claim when the driver cannot copy",
      seeing(claim, { source: fromClaim, capabilities: able(["CREATE_DELETE_VOLUME"]) }),
      /no CLONE_VOLUME/,
    ],
    [
      "less room than its source claim has",
      seeing(asking("1Mi"), { source: fromClaim }),
      /1Mi is less than the 1Gi of claim "origin"/,
    ],
    [
      "another mode than its source claim's",
      seeing(block, { source: fromClaim }),
      /claim "origin" is Filesystem: use Filesystem/,
    ],
    [
      "a class with a parameter nobody knows",
      seeing(claim, { storageClass: aStorageClass({ parameters: { "csi.storage.k8s.io/fstyp": "xfs" } }) }),
      /"fast" cannot be used: parameter csi.storage.k8s.io\/fstyp is unknown/,
    ],
    [
      "no node that has the driver",
      seeing(claim, { places: { kind: "nowhere", problem: "no node has" } }),
      /no node has/,
    ],
  ])("names field, value and remedy when it refuses %s", (_, seen, message) => {
    expect(said(seen)).toMatch(message);
    expect(did(seen)).toEqual([]);
  });

  test("lets the mode change where the snapshot's content allows it", () => {
    expect(did(seeing(block, { source: snapshotWith({ content: allowed }) })).flat()).toContain("provision");
  });

  test("still makes the volume of a claim that was there when its snapshot was deleted", () => {
    const source = snapshotWith({ snapshot: deletedAt("2026-01-01T00:00:00Z") });
    expect(did(seeing(claim, { source })).flat()).toContain("provision");
  });

  test("warns of a refusal, but not of what passes by itself", () => {
    const types = [
      seeing(claim, { source: snapshotWith({ snapshot: unready }) }),
      seeing(claim, { source: { ...fromClaim, claim: origin } }),
      seeing(claim, { storageClass: undefined }),
    ].map((seen) => decideCreating(seen).events?.[0]?.type);
    expect(types).toEqual(["Normal", "Normal", "Warning"]);
  });
});
