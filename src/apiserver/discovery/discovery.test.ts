import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { builtInKinds } from "../kinds/built-in.ts";
import { aggregated, coreVersions, groupDocument, groupList, preferredVersion, resourceList } from "./discovery.ts";
import { compareVersions } from "./version.ts";

const kinds = builtInKinds();
const [first] = kinds;
if (!first) throw new Error("there are no kinds");
const snapshots = ["v1beta1", "v1", "v1alpha1", "v1beta2"].map((version) => ({
  ...first,
  group: "snap.example.com",
  version,
  kind: "Snap",
  plural: "snaps",
}));

describe("discovery", () => {
  test("prefers stable versions, then the newest", () => {
    const sorted = ["v1", "v2", "v1beta2", "v1beta1", "v1alpha1", "a", "foo"];
    fc.assert(
      fc.property(fc.shuffledSubarray(sorted, { minLength: sorted.length }), (shuffled) => {
        expect([...shuffled].sort(compareVersions)).toEqual(["v2", "v1", "v1beta2", "v1beta1", "v1alpha1", "a", "foo"]);
      }),
    );
    expect(preferredVersion(snapshots, "snap.example.com")).toBe("v1");
  });

  test("lists the groups, but not the core one", () => {
    const groups = groupList([...kinds, ...snapshots]).groups as readonly JsonObject[];
    expect(groups.map((group) => group.name)).toEqual([
      "admissionregistration.k8s.io",
      "apiextensions.k8s.io",
      "apps",
      "authentication.k8s.io",
      "authorization.k8s.io",
      "coordination.k8s.io",
      "events.k8s.io",
      "rbac.authorization.k8s.io",
      "snap.example.com",
      "storage.k8s.io",
    ]);
    expect(coreVersions("127.0.0.1:1")).toMatchObject({ kind: "APIVersions", versions: ["v1"] });
  });

  test("shows a group with all its versions", () => {
    expect(groupDocument(snapshots, "snap.example.com")).toMatchObject({
      kind: "APIGroup",
      preferredVersion: { groupVersion: "snap.example.com/v1", version: "v1" },
      versions: [{ version: "v1" }, { version: "v1beta2" }, { version: "v1beta1" }, { version: "v1alpha1" }],
    });
    expect(groupDocument(kinds, "none.example.com")).toBeUndefined();
  });

  test("lists resources with their status", () => {
    const resources = resourceList(kinds, "", "v1")?.resources as readonly JsonObject[];
    expect(resources.find((one) => one.name === "persistentvolumeclaims")).toMatchObject({
      singularName: "persistentvolumeclaim",
      namespaced: true,
      shortNames: ["pvc"],
    });
    expect(resources.find((one) => one.name === "persistentvolumeclaims/status")).toMatchObject({
      verbs: ["get", "patch", "update"],
    });
    expect(resources.find((one) => one.name === "secrets/status")).toBeUndefined();
    expect(resourceList(kinds, "", "v2")).toBeUndefined();
  });

  test("says all of it in one document to those who ask for that", () => {
    const [group] = aggregated(snapshots, "/apis").items as readonly { versions: readonly JsonObject[] }[];
    expect(group?.versions.map((one) => one.version)).toEqual(["v1", "v1beta2", "v1beta1", "v1alpha1"]);
    expect(group?.versions[0]).toMatchObject({
      freshness: "Current",
      resources: [{ resource: "snaps", responseKind: { group: "snap.example.com", version: "v1", kind: "Snap" } }],
    });
    expect((aggregated(kinds, "/api").items as readonly unknown[]).length).toBe(1);
  });
});
