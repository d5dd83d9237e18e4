import type { Asked } from "../both-servers.ts";
import { gear, gearOf, gearsIn, types } from "./gears.ts";
import { same } from "./same.ts";

same(
  "a request to apply must name a manager that can be stored, and only it may be forced",
  "o",
  async (o, { send }) => {
    const path = `${gearsIn("v1")}/o`;
    const contentType = types.apply;
    const body = gear("o", { spec: { size: 1 } });
    await send("PATCH", path, { body, contentType });
    await send("PATCH", `${path}?fieldManager=${"x".repeat(129)}`, { body, contentType });
    await send("PATCH", `${path}?fieldManager=a%00b`, { body, contentType });
    await send("POST", `${gearsIn("v1")}?fieldManager=${"x".repeat(129)}`, { body });
    await o.create("x".repeat(128), { spec: { size: 1 } });
    await send("PUT", `${path}?fieldManager=${"x".repeat(129)}`, { body });
    await send("PATCH", `${path}?force=true`, { body: {}, contentType: types.merge });
  },
);

same(
  "a request to apply must be of the kind, version and name that it is sent to, and without managedFields",
  "p",
  async (p, { send }) => {
    const apply = (body: object, more = "") =>
      send("PATCH", `${gearsIn("v1")}/p?fieldManager=one${more}`, { body, contentType: types.apply });
    const config = gear("p", { spec: { size: 1 } });
    await apply({ ...config, kind: "Secret" });
    await apply({ ...config, apiVersion: "ssa.example/v2" });
    await apply({ ...config, apiVersion: "v1" });
    await apply({ metadata: { name: "p" } });
    await apply({ ...config, metadata: {} });
    await apply({ ...config, metadata: { name: "q" } });
    await apply({ ...config, metadata: { name: "p", managedFields: [] } });
    await apply({ ...config, metadata: { name: "p", uid: "1" } });
    await apply({ ...config, metadata: { name: "p", namespace: "other" } });
    await apply({ ...config, metadata: { name: "p", resourceVersion: "1" } });
    await apply({ ...config, metadata: { name: "p", resourceVersion: "1" }, spec: { size: 2 } });
    await apply({ ...config, metadata: {}, spec: { size: 3 } });
    await p.applyStatus("one", {});
    await gearOf({ send } as Asked, "absent").applyStatus("one", { status: { ready: true } });
  },
);

same("a request to apply may be YAML, and is refused when it is no object", "q", async (_q, { send }) => {
  const apply = async (body: string) => {
    const { code, body: answer } = await send("PATCH", "/api/v1/namespaces/apply/configmaps/q?fieldManager=one", {
      body,
      contentType: types.apply,
    });
    return [code, answer.reason];
  };
  await apply("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: q\ndata: {a: 'b'}\n");
  await apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: q}, data: {a: 'c'}}");
});
