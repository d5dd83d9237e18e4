import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { configMaps, type HookLab, hookLab } from "../../testing/hook-lab.ts";
import { widgets } from "../../testing/widgets.ts";

let lab: HookLab;
beforeAll(async () => {
  lab = await hookLab({ crds: [twoVersions] });
});
afterAll(() => lab.stop());
afterEach(() => lab.reset());

const spec = widgets.spec as { readonly versions: readonly JsonObject[] };
const older = { ...spec.versions[0], name: "v1beta1", storage: false };
const twoVersions: JsonObject = { ...widgets, spec: { ...spec, versions: [...spec.versions, older] } };
const things = "/apis/example.com/v1/namespaces/default/widgets";
const allow = () => ({ allowed: true });

describe("which writes concern a webhook", () => {
  test.each([
    ["another group", { apiGroups: ["apps"] }],
    ["another version alone", { apiVersions: ["v2"] }],
    ["another resource", { resources: ["secrets"] }],
    ["a subresource", { resources: ["configmaps/status"] }],
    ["other operations", { operations: ["UPDATE"] }],
    ["cluster-scoped resources", { scope: "Cluster" }],
  ])("is not those of %s", async (_what, rule) => {
    await lab.configure("Validating", "/not", {}, rule);
    expect((await lab.create("unasked")).code).toBe(201);
    await lab.client.send("DELETE", `${configMaps}/unasked`);
    expect(lab.asked).toEqual([]);
  });

  test("is decided by the labels of the namespace and of the object, old or new", async () => {
    await lab.configure("Validating", "/ns", {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "default" } },
    });
    await lab.configure("Validating", "/other-ns", { namespaceSelector: { matchLabels: { team: "x" } } });
    await lab.configure("Validating", "/object", { objectSelector: { matchLabels: { watched: "yes" } } });
    for (const path of ["/ns", "/other-ns", "/object"]) lab.answers.set(path, allow);
    await lab.create("plain");
    await lab.create("labelled", { metadata: { name: "labelled", labels: { watched: "yes" } } });
    const contentType = "application/merge-patch+json";
    await lab.client.send("PATCH", `${configMaps}/labelled`, { body: { metadata: { labels: null } }, contentType });
    expect(lab.asked.map(({ path }) => path).sort()).toEqual(["/ns", "/ns", "/ns", "/object", "/object"]);
  });

  test("includes other versions of the same resource, shown in the version that was asked for, unless it says Exact", async () => {
    const [first, second] = ["v1", "v1beta1"];
    const rule = { apiGroups: ["example.com"], apiVersions: [second], resources: ["widgets"] };
    await lab.configure("Validating", "/equivalent", {}, rule);
    await lab.configure("Validating", "/exact", { matchPolicy: "Exact" }, rule);
    lab.answers.set("/equivalent", allow);
    const body = { apiVersion: `example.com/${first}`, kind: "Widget", metadata: { name: "w" }, spec: { size: 1 } };
    expect((await lab.client.send("POST", things, { body })).code).toBe(201);
    expect(lab.asked).toEqual([
      {
        path: "/equivalent",
        request: expect.objectContaining({
          kind: { group: "example.com", version: second, kind: "Widget" },
          requestKind: { group: "example.com", version: first, kind: "Widget" },
          object: expect.objectContaining({ apiVersion: `example.com/${second}` }),
        }),
      },
    ]);
  });

  test("is decided by conditions in CEL", async () => {
    const conditions = (expression: string) => ({ matchConditions: [{ name: "c", expression }] });
    await lab.configure(
      "Validating",
      "/yes",
      conditions("request.operation == 'CREATE' && object.metadata.name.startsWith('cond')"),
    );
    await lab.configure("Validating", "/no", conditions("request.userInfo.username == 'nobody'"));
    lab.answers.set("/yes", allow);
    await lab.create("conditional");
    await lab.create("other");
    expect(lab.asked.map(({ path, request }) => [path, request.name])).toEqual([["/yes", "conditional"]]);
  });

  test("is told to the client when a condition fails, unless failures are ignored", async () => {
    const matchConditions = [{ name: "c", expression: "object.data.x == '1'" }];
    await lab.configure("Validating", "/cond", { matchConditions, failurePolicy: "Ignore" });
    expect((await lab.create("ignored")).code).toBe(201);
    await lab.configure("Validating", "/cond", { matchConditions });
    const answer = await lab.create("failed");
    expect([answer.code, answer.body.message]).toEqual([
      403,
      `configmaps "failed" is forbidden: expression 'object.data.x == '1'' resulted in error: no such key: data`,
    ]);
  });

  test("never is one of the objects that configure webhooks, so that a mistake can be undone", async () => {
    const path = await lab.configure(
      "Validating",
      "/everything",
      {},
      { apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] },
    );
    lab.answers.set("/everything", () => ({ allowed: false }));
    expect((await lab.create("nothing")).code).toBe(400);
    expect((await lab.client.send("DELETE", path)).code).toBe(200);
    expect((await lab.create("something")).code).toBe(201);
  });
});
