import { describe, expect, test } from "vitest";
import type { Node } from "../../kube/core/node.ts";
import type { Volume } from "../../kube/core/volume.ts";
import { aSourceClaim } from "../../testing/group-builders.ts";
import { aNode, onNodes } from "../../testing/objects/node.ts";
import { placeOf } from "./place.ts";

const nodes: readonly Node[] = [aNode("n1"), aNode("n2"), aNode("n3")];
const local = (name: string, ...names: readonly string[]): Volume => {
  const { volume } = aSourceClaim(name);
  return { ...volume, metadata: { ...volume.metadata, name }, spec: { ...volume.spec, ...onNodes(...names) } };
};
const anywhere = aSourceClaim("far").volume;

describe("the place of volumes", () => {
  test.each<[string, readonly Volume[], string]>([
    ["the node of the only one", [local("a", "n2")], "n2"],
    ["the node that all of them share", [local("a", "n1", "n2"), local("b", "n2", "n3")], "n2"],
    ["the first by name of several", [local("a", "n3", "n2")], "n2"],
    ["the node of the local ones, whatever can be reached from everywhere", [anywhere, local("a", "n3")], "n3"],
  ])("is %s", (_what, volumes, name) => {
    expect(placeOf(volumes, nodes)).toEqual({ is: "node", name });
  });

  test("is anywhere for volumes without affinity, even in a cluster without nodes", () => {
    expect(placeOf([anywhere], [])).toEqual({ is: "anywhere" });
  });

  test("is a node that is ready rather than one that is not", () => {
    expect(placeOf([local("a", "n1", "n2")], [aNode("n1", { ready: false }), aNode("n2")])).toMatchObject({
      name: "n2",
    });
  });

  test("is nowhere when no node reaches all, and says from where each can be reached", () => {
    expect(placeOf([local("a", "n1"), local("b", "gone")], nodes)).toEqual({
      is: "nowhere",
      why: 'no node reaches all volumes ("a" from n1; "b" from no node)',
    });
  });

  test("is nowhere when the node's name does not fit into a label, and says so", () => {
    const long = `n${"x".repeat(63)}`;
    const place = placeOf([local("a", long)], [aNode(long)]);
    expect(place).toMatchObject({ is: "nowhere", why: expect.stringContaining("63 characters") as string });
  });
});
