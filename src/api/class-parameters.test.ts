import { describe, expect, test } from "vitest";
import { createMetadataOf, parseClassParameters, type SecretContext, secretOf } from "./class-parameters.ts";

const context: SecretContext = {
  kind: "volumegroupsnapshot",
  contentName: "groupsnapcontent-1",
  snapshot: { name: "nightly", namespace: "shop" },
};

describe("class parameters", () => {
  test("the driver gets every parameter but those that name secrets", () => {
    const parsed = parseClassParameters({
      tier: "gold",
      "csi.storage.k8s.io/group-snapshotter-secret-name": "s",
      "csi.storage.k8s.io/group-snapshotter-secret-namespace": "n",
    });
    expect(parsed).toEqual({
      forDriver: { tier: "gold" },
      secrets: { groupSnapshotter: { name: "s", namespace: "n" } },
    });
  });

  test("a parameter with our prefix that means nothing is refused by name", () => {
    const parsed = parseClassParameters({ "csi.storage.k8s.io/snapshoter-secret-name": "s" });
    expect(parsed).toEqual({
      problem: expect.stringContaining("csi.storage.k8s.io/snapshoter-secret-name is unknown") as string,
    });
  });

  test("a secret's name without its namespace is refused", () => {
    const parsed = parseClassParameters({ "csi.storage.k8s.io/snapshotter-secret-name": "s" });
    expect(parsed).toEqual({ problem: expect.stringContaining("belong together") as string });
  });
});

/** A placeholder as it stands in a class. */
const the = (what: string) => `\${${what}}`;

describe("secret templates", () => {
  test.each([
    [the("volumegroupsnapshotcontent.name"), the("volumegroupsnapshot.namespace"), "groupsnapcontent-1", "shop"],
    [`key-of-${the("volumegroupsnapshot.name")}`, "vault", "key-of-nightly", "vault"],
  ])("name %s in namespace %s is the secret %s in %s", (name, namespace, expectedName, expectedNamespace) => {
    expect(secretOf({ name, namespace }, context)).toEqual({ name: expectedName, namespace: expectedNamespace });
  });

  test.each([
    [the("volumegroupsnapshot.uid"), "vault", "volumegroupsnapshot.uid"],
    ["s", the("volumegroupsnapshot.name"), "volumegroupsnapshot.name"],
    ["Upper", "vault", "Upper"],
  ])("name %s in namespace %s is refused, naming %s", (name, namespace, named) => {
    expect(secretOf({ name, namespace }, context)).toEqual({ problem: expect.stringContaining(named) as string });
  });

  test("extra create metadata names the objects by their kind", () => {
    expect(createMetadataOf(context)).toEqual({
      "csi.storage.k8s.io/volumegroupsnapshot/name": "nightly",
      "csi.storage.k8s.io/volumegroupsnapshot/namespace": "shop",
      "csi.storage.k8s.io/volumegroupsnapshotcontent/name": "groupsnapcontent-1",
    });
  });
});
