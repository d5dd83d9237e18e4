import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { type RawClient, rawClient } from "../../testing/raw-client.ts";
import { widgets } from "../../testing/widgets.ts";

let api: ThrowAwayApi;
let client: RawClient;
beforeAll(async () => {
  api = await throwAwayApi({ crds: [scalable] });
  client = rawClient(api);
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
  const matchExpressions = [{ key: "c", operator: "NotIn", values: ["y", "x"] }];
  const spec = { replicas: 2, selector: { matchLabels: { a: "b" }, matchExpressions }, template };
  await client.send("POST", deployments, { body: { metadata: { name: "d" }, spec } });
  const widget = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "w" }, spec: { size: 1 } };
  await client.send("POST", things, { body: widget });
});
afterAll(async () => {
  client.close();
  await api.stop();
});

const spec = widgets.spec as { readonly versions: readonly JsonObject[] };
const scale = {
  specReplicasPath: ".spec.size",
  statusReplicasPath: ".status.count",
  labelSelectorPath: ".status.note",
};
const versions = spec.versions.map((version) => ({ ...version, subresources: { status: {}, scale } }));
const scalable: JsonObject = { ...widgets, spec: { ...spec, versions } };
const deployments = "/apis/apps/v1/namespaces/default/deployments";
const things = "/apis/example.com/v1/namespaces/default/widgets";
const contentType = "application/merge-patch+json";
const scaleTo = (path: string, replicas: number) =>
  client.send("PATCH", `${path}/scale`, { body: { spec: { replicas } }, contentType });

describe("the scale of an object", () => {
  test("says how many of what there are to be, and are", async () => {
    const answer = await client.send("GET", `${deployments}/d/scale`);
    expect(answer.body).toEqual({
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      metadata: {
        name: "d",
        namespace: "default",
        uid: expect.any(String),
        resourceVersion: expect.any(String),
        creationTimestamp: expect.any(String),
      },
      spec: { replicas: 2 },
      status: { replicas: 0, selector: "a=b,c notin (x,y)" },
    });
  });

  test("is changed by patch and by update, and so is the object's generation", async () => {
    expect((await scaleTo(`${deployments}/d`, 5)).body.spec).toEqual({ replicas: 5 });
    const body = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "d" }, spec: { replicas: 0 } };
    expect((await client.send("PUT", `${deployments}/d/scale`, { body })).body.spec).toEqual({});
    const { metadata, spec: after } = (await client.send("GET", `${deployments}/d`)).body;
    expect([metadata, after]).toEqual([
      expect.objectContaining({ generation: 3 }),
      expect.objectContaining({ replicas: 0 }),
    ]);
  });

  test("of a custom resource lies where its definition says", async () => {
    expect((await client.send("GET", `${things}/w/scale`)).body).toMatchObject({
      spec: { replicas: 1 },
      status: { replicas: 0 },
    });
    await scaleTo(`${things}/w`, 7);
    expect((await client.send("GET", `${things}/w`)).body.spec).toMatchObject({ size: 7 });
  });

  test("is refused below zero, in another version than the object's, and in the name of another", async () => {
    const negative = await scaleTo(`${deployments}/d`, -1);
    expect(negative.body).toMatchObject({
      code: 422,
      message: expect.stringMatching(/^Scale.autoscaling "d" is invalid: spec.replicas: /),
    });
    const stale = { metadata: { name: "d", resourceVersion: "1" }, spec: { replicas: 1 } };
    expect((await client.send("PUT", `${deployments}/d/scale`, { body: stale })).code).toBe(409);
    const other = { metadata: { name: "x" }, spec: { replicas: 1 } };
    expect((await client.send("PUT", `${deployments}/d/scale`, { body: other })).code).toBe(400);
  });

  test("is 404 for objects that are not there and kinds that have none, and 405 for other verbs", async () => {
    const codes = await Promise.all([
      client.send("GET", `${deployments}/x/scale`),
      client.send("GET", "/api/v1/namespaces/default/configmaps/x/scale"),
      client.send("DELETE", `${deployments}/d/scale`),
      client.send("POST", `${deployments}/d/scale`, { body: {} }),
    ]);
    expect(codes.map(({ code }) => code)).toEqual([404, 404, 405, 405]);
  });

  test("must lie below spec, and what there is below status", async () => {
    const wrong = { specReplicasPath: ".status.size", labelSelectorPath: ".metadata" };
    const bad = versions.map((version) => ({ ...version, subresources: { scale: wrong } }));
    const names = { plural: "bads", kind: "Bad" };
    const body = { ...scalable, metadata: { name: "bads.example.com" }, spec: { ...spec, names, versions: bad } };
    const answer = await client.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", { body });
    expect(answer.body).toMatchObject({ code: 422, details: { causes: [{}, {}, {}] } });
    expect(answer.body.message).toMatch(
      /scale.specReplicasPath: Invalid value: ".status.size": should be a json path under .spec/,
    );
    expect(answer.body.message).toMatch(/scale.statusReplicasPath: Required value/);
  });

  test("is listed by discovery with a kind of its own", async () => {
    const { resources } = (await client.send("GET", "/apis/example.com/v1")).body;
    expect(resources).toContainEqual({
      name: "widgets/scale",
      singularName: "",
      namespaced: true,
      group: "autoscaling",
      version: "v1",
      kind: "Scale",
      verbs: ["get", "patch", "update"],
    });
  });
});
