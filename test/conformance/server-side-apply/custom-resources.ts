import { expect } from "vitest";
import type { JsonObject } from "../../../src/lib/json.ts";
import { type Gear, gear, gearsIn, types } from "./gears.ts";
import { same } from "./same.ts";

const everything: Gear = {
  spec: {
    size: 1,
    tags: ["x", "y"],
    parts: [{ name: "p", note: "n" }],
    atoms: [{ a: "1" }],
    whole: { a: "1" },
    map: { k: "v" },
    open: { a: { b: [1, 2] }, c: 1 },
    mixed: 5,
    none: null,
    deep: { a: { b: "1" } },
  },
};

same(
  "a custom resource is owned by its creator in whole, defaults included, and taken over by force",
  "a",
  async (a) => {
    await a.create("maker", everything);
    const mine = {
      size: 2,
      tags: ["y", "z"],
      parts: [
        { name: "p", note: "m" },
        { name: "q", port: 1 },
      ],
    };
    await a.apply("one", { spec: mine });
    await a.force("one", { spec: mine });
    await a.apply("two", { spec: { tags: ["w", "y"], map: { k2: "v2" }, open: { a: { d: 1 } } } });
  },
);

same(
  "a custom resource loses what its manager applied before and now leaves out, and keeps what others own",
  "b",
  async (b) => {
    await b.apply("one", {
      spec: { size: 3, color: "blue", whole: { b: "2" }, map: { a: "1", b: "1" }, deep: { a: { b: "1" } } },
    });
    await b.apply("two", { spec: { size: 3, map: { b: "1", c: "1" }, tags: ["t"] } });
    await b.apply("one", { spec: { whole: { a: "2" }, map: { a: "1" } } });
    await b.apply("one", { spec: { tags: [] } });
    await b.apply("two", { spec: {} });
    await b.apply("one", {});
  },
);

same(
  "a custom resource has its list items in the order that the last to apply stated, others where they stood",
  "c",
  async (c) => {
    await c.apply("one", { spec: { parts: [{ name: "a" }, { name: "b" }, { name: "c" }] } });
    await c.apply("two", { spec: { parts: [{ name: "d" }, { name: "b", note: "hi" }] } });
    await c.apply("two", { spec: { parts: [{ name: "c" }, { name: "x" }, { name: "a" }] } });
    await c.apply("one", { spec: { parts: [{ name: "a", color: "blue" }], tags: ["1", "2"] } });
    await c.apply("two", { spec: { parts: [{ name: "x" }], tags: ["0", "2"] } });
  },
);

same(
  "a custom resource changes nothing when it is applied again as it is, by the same or as shared by another",
  "d",
  async (d) => {
    await d.apply("one", { spec: { size: 1, map: { a: "1" } } });
    await d.apply("one", { spec: { size: 1, map: { a: "1" } } });
    await d.apply("two", { spec: { size: 1 } });
    await d.apply("two", { spec: { size: 1 } });
    await d.merge("editor", { spec: { size: 1 } });
    await d.merge("editor", { spec: { size: 2 } });
    await d.apply("two", { spec: { size: 1 } });
    await d.apply("one", { spec: { map: { a: "1" } } });
  },
);

same("a custom resource goes back to a default that was overridden, and lets nobody own it", "e", async (e) => {
  await e.apply("one", { spec: { size: 1, color: "blue" } });
  await e.apply("one", { spec: { size: 1 } });
  await e.merge("editor", { spec: { color: "red" } });
  await e.merge("editor", { spec: { color: null } });
  await e.apply("one", { spec: { color: "red" } });
  await e.apply("one", { spec: { color: "green" } });
});

same("a custom resource is owned in the version that a manager used, and compared in it", "f", async (f) => {
  await f.apply("one", { version: "v2", spec: { size: 5, map: { z: "1" } } });
  await f.apply("one", { version: "v1", spec: { map: { y: "1" } } });
  await f.apply("two", { version: "v2", spec: { map: { y: "2" } } });
  await f.merge("editor", { spec: { map: { y: "3" } } }, { version: "v2" });
  await f.merge("editor", { spec: { map: { x: "3" } } }, { version: "v1" });
  await f.apply("two", { version: "v1", spec: { map: { y: "2", x: "1" } } });
  await f.force("two", { version: "v1", spec: { map: { y: "2", x: "1" } } });
});

same("a custom resource has owners of its status apart, who reach nothing else", "g", async (g) => {
  await g.apply("one", { spec: { size: 1 }, status: { ready: true } });
  await g.applyStatus("st", {
    spec: { size: 99 },
    status: { ready: true, conditions: [{ type: "A", status: "True" }] },
  });
  await g.applyStatus("two", {
    status: {
      conditions: [
        { type: "B", status: "True" },
        { type: "A", status: "False" },
      ],
    },
  });
  await g.applyStatus("st", { metadata: { labels: { a: "1" } }, status: { ready: false } });
  await g.merge("three", { status: { ready: true } }, { path: "/status" });
  await g.applyStatus("st", { status: { ready: false } });
  await g.applyStatus("st", {});
});

same(
  "a custom resource forgets its owners when a client empties managedFields, until somebody applies",
  "h",
  async (h) => {
    await h.create("maker", { spec: { size: 1 } });
    await h.merge("editor", { metadata: { managedFields: [{}] } });
    await h.merge("editor", { spec: { size: 6 } });
    await h.apply("one", { spec: { size: 7 } });
    await h.apply("one", { spec: { size: 6 } });
    const { body } = await h.get();
    const labelled = {
      ...body,
      metadata: { ...(body.metadata as JsonObject), managedFields: [], labels: { a: "1" } },
    };
    await h.put("editor", labelled);
  },
);

same("a custom resource has the owners that a client writes, if they can be understood", "i", async (i) => {
  await i.create("maker", { spec: { size: 1, map: { y: "1" } } });
  const owner = { manager: "kubectl", operation: "Apply", apiVersion: "ssa.example/v1", fieldsType: "FieldsV1" };
  const managedFields = (value: JsonObject) => [{ op: "replace", path: "/metadata/managedFields", value: [value] }];
  const fieldsV1 = { "f:spec": { "f:size": {}, "f:map": { "f:y": {} } } };
  await i.json("editor", managedFields({ ...owner, fieldsV1 }));
  await i.apply("kubectl", { spec: { size: 1 } });
  await i.json("editor", managedFields({ ...owner, operation: "Delete", fieldsV1 }));
  await i.json("editor", managedFields({ ...owner, fieldsV1: { spec: {} } }));
});

same("a custom resource keeps the owners of ten updates, and the older ones as ancient-changes", "j", async (j) => {
  await j.create("maker", { spec: { size: 1 } });
  // Owners stand in the order of their seconds, then of their names; both are one here, so that it does not matter when a second ends.
  for (const manager of "nopqrstuvwxyz") await j.merge(manager, { spec: { map: { [manager]: "x" } } });
});

same(
  "a custom resource lets kubectl take over what it applied on its own side, and keeps its note up to date",
  "k",
  async (k) => {
    const note = (noted: Gear) => ({
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": `${JSON.stringify(gear("k", noted))}\n` },
    });
    await k.create("kubectl-client-side-apply", {
      metadata: note({ spec: { size: 1, map: { a: "1" } } }),
      spec: { size: 1, map: { a: "2" } },
    });
    await k.apply("other", { spec: { size: 2 } });
    await k.apply("kubectl", { spec: { size: 2, map: { a: "3" } } });
    await k.apply("kubectl", { spec: { size: 2 } });
  },
);

same(
  "a custom resource has finalizers and owners by item, also while it is being deleted",
  "l",
  async (l, { send }) => {
    const owner = (name: string) => ({ apiVersion: "unknown.example/v1", kind: "Owner", name, uid: name });
    await l.create("maker", { metadata: { finalizers: ["a.b/c", "d.e/f"] }, spec: { size: 1 } });
    await l.apply("one", { metadata: { finalizers: ["x.y/z"], ownerReferences: [owner("n"), owner("m")] } });
    await l.apply("two", { metadata: { ownerReferences: [{ ...owner("n"), controller: true }] } });
    await l.apply("one", { metadata: { finalizers: [] } });
    await send("DELETE", `${gearsIn("v1")}/l`);
    await l.merge("two", { metadata: { finalizers: ["d.e/f"] } });
    await l.apply("one", { spec: { size: 2 } });
  },
);

same("a custom resource is applied without being changed in a dry run", "m", async (m, { send }) => {
  const body = gear("m", { spec: { size: 1 } });
  const path = `${gearsIn("v1")}/m?fieldManager=one&dryRun=All`;
  const { code } = await send("PATCH", path, { body, contentType: types.apply });
  expect(code).toBe(201);
  await m.get();
  await m.apply("two", { spec: { size: 2 } });
  await send("PATCH", path, { body, contentType: types.apply });
  await send("PATCH", `${path}&force=true`, { body, contentType: types.apply });
  await m.get();
});

same(
  "a custom resource is refused with the path of what its schema does not know, or has in another type",
  "n",
  async (n) => {
    await n.create("maker", { spec: { size: 1 } });
    for (const wrong of [
      { sise: 1 },
      { size: "x" },
      { deep: "x" },
      { deep: { q: 1 } },
      { tags: "x" },
      { tags: ["x", "x"] },
      { tags: [{}] },
      { atoms: [{ q: 1 }] },
      { parts: [{ name: "a" }, { name: "a" }] },
      { parts: [{ port: 5 }] },
      { parts: [{ note: "x" }] },
      { parts: [null] },
      { map: { a: 1 } },
    ])
      await n.apply("one", { spec: wrong });
  },
);
