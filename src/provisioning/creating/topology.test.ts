import { expect, test } from "vitest";
import type { CsiNode, Node } from "../../kube/core/node.ts";
import { aClaim, aStorageClass } from "../../testing/objects/storage.ts";
import { type Nodes, placesFor } from "./topology.ts";

const metadata = (name: string, labels: Record<string, string> = {}) => ({
  name,
  labels,
  uid: name,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
});
const aNode = (name: string, zone: string): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: metadata(name, { zone }),
});
const withDriver = (name: string, driver = "d"): CsiNode => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "CSINode",
  metadata: metadata(name),
  spec: { drivers: [{ name: driver, nodeID: name, topologyKeys: ["zone"] }] },
});
const held = <T extends { metadata: { name: string } }>(...objects: T[]) => ({
  get: (name: string) => objects.find((object) => object.metadata.name === name),
  list: () => objects,
});
const nodes: Nodes = {
  nodes: held(aNode("a", "z1"), aNode("b", "z1"), aNode("c", "z2"), aNode("bare", "z3")),
  csiNodes: held(withDriver("a"), withDriver("b"), withDriver("c"), withDriver("bare", "other")),
};
const selecting = (node: string) => aClaim("data", {}, { annotations: { "volume.kubernetes.io/selected-node": node } });
const restricted = (...values: string[]) =>
  aStorageClass({ allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values }] }] });

test("offers each place of the driver's nodes once, while no consumer has chosen one", () => {
  const places = placesFor(aClaim("data"), aStorageClass(), { driver: "d", nodes });
  expect(places).toEqual({ kind: "somewhere", requisite: [{ zone: "z1" }, { zone: "z2" }] });
});

test("offers the consumer's place alone, once it has chosen", () => {
  const places = placesFor(selecting("c"), aStorageClass(), { driver: "d", nodes });
  expect(places).toEqual({ kind: "somewhere", requisite: [{ zone: "z2" }] });
});

test("offers only places that the class allows, and says so when it allows none", () => {
  expect(placesFor(aClaim("data"), restricted("z2"), { driver: "d", nodes })).toMatchObject({
    requisite: [{ zone: "z2" }],
  });
  expect(placesFor(aClaim("data"), restricted("z9"), { driver: "d", nodes })).toMatchObject({
    kind: "nowhere",
    problem: expect.stringContaining('allowedTopologies of StorageClass "fast" allows none'),
  });
});

test("says that no node has the driver, or that the chosen one has not", () => {
  expect(placesFor(aClaim("data"), aStorageClass(), { driver: "unknown", nodes })).toMatchObject({
    problem: "no node has registered driver unknown: start the driver on a node",
  });
  expect(placesFor(selecting("bare"), aStorageClass(), { driver: "d", nodes })).toMatchObject({
    problem: expect.stringContaining('node "bare", which its consumer runs on, has not'),
  });
});

test("waits for a driver on a node where none has registered yet, which Kubernetes writes as null", () => {
  const bare: Nodes = { ...nodes, csiNodes: held<CsiNode>({ ...withDriver("a"), spec: { drivers: null } }) };
  expect(placesFor(aClaim("data"), aStorageClass(), { driver: "d", nodes: bare })).toMatchObject({ kind: "nowhere" });
});
