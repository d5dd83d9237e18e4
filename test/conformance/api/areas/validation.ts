import { expect } from "vitest";
import type { JsonObject } from "../../../../src/lib/json.ts";
import type { RawAnswer } from "../../../../src/testing/raw-client.ts";
import type { Api } from "../api.ts";
import { area } from "../area.ts";
import { gadget, map } from "../objects.ts";

export const validation = area("validation");
const { test } = validation;

interface Cause {
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}

/** Reason and field of each cause, but for the note that rules were left unchecked, which is about no field. */
function causesOf({ body }: RawAnswer): readonly string[] {
  const details = body.details as { causes?: readonly Cause[] } | undefined;
  const causes = details?.causes?.filter(({ field }) => field !== "<nil>") ?? [];
  return causes.map(({ reason, field }) => `${reason} ${field}`);
}

const create = ({ post, gadgets }: Api, spec: JsonObject) => post(gadgets, gadget("a", spec));

test("a value of the wrong type is 422 with its field, reason and message", async (api) => {
  const answer = await create(api, { size: "x" });
  const said = 'Invalid value: "string": spec.size in body must be of type integer: "string"';
  expect(answer.body).toMatchObject({
    kind: "Status",
    status: "Failure",
    message: expect.stringMatching(/^Gadget\.example\.net "a" is invalid: /),
    reason: "Invalid",
    details: {
      name: "a",
      group: "example.net",
      kind: "Gadget",
      causes: expect.arrayContaining([{ reason: "FieldValueTypeInvalid", message: said, field: "spec.size" }]),
    },
    code: 422,
  });
  expect(answer.body.message).toContain(`spec.size: ${said}`);
});

test("all that is wrong is told at once", async (api) => {
  const answer = await create(api, { size: -1, note: "x".repeat(41), color: "pink" });
  expect(answer.code).toBe(422);
  expect([...causesOf(answer)].sort()).toEqual([
    "FieldValueInvalid spec.size",
    "FieldValueNotSupported spec.color",
    "FieldValueTooLong spec.note",
  ]);
});

test("a field that is required and absent is told by its name", async (api) => {
  const answer = await create(api, { note: "x" });
  expect(causesOf(answer)).toEqual(["FieldValueRequired spec.size"]);
  expect(answer.body.message).toContain("spec.size: Required value");
});

test("the elements of lists are named by their place", async (api) => {
  const answer = await create(api, { size: 1, tags: ["a", 7], parts: [{ name: "x" }, { count: 2 }] });
  expect(causesOf(answer)).toEqual(
    expect.arrayContaining(["FieldValueTypeInvalid spec.tags[1]", "FieldValueRequired spec.parts[1].name"]),
  );
});

test("a set holds nothing twice, and a list of maps no key twice", async (api) => {
  const answer = await create(api, { size: 1, tags: ["a", "a"], parts: [{ name: "x" }, { name: "x" }] });
  expect([...causesOf(answer)].sort()).toEqual([
    "FieldValueDuplicate spec.parts[1]",
    "FieldValueDuplicate spec.tags[1]",
  ]);
});

test("a rule that does not hold tells its message at its field", async (api) => {
  const answer = await create(api, { size: 1, least: 2 });
  expect(answer.body).toMatchObject({
    details: {
      causes: [
        {
          reason: "FieldValueInvalid",
          message: expect.stringContaining("size must be at least least"),
          field: "spec.size",
        },
      ],
    },
  });
});

test("a transition rule sees the change, and not the removal, of its field (surprise 14)", async (api) => {
  await create(api, { size: 1, fixed: "a" });
  const changed = await api.patch("merge", `${api.gadgets}/a`, { spec: { fixed: "b" } });
  expect([changed.code, ...causesOf(changed)]).toEqual([422, "FieldValueInvalid spec.fixed"]);
  const removed = await api.patch("merge", `${api.gadgets}/a`, { spec: { fixed: null } });
  expect(removed.code).toBe(200);
});

test("null becomes the default where null is not allowed, is kept where it is, else dropped (surprise 14)", async (api) => {
  const answer = await create(api, { size: 1, color: null, maybe: null, note: null });
  expect(answer.code).toBe(201);
  expect(answer.body.spec).toEqual({ size: 1, color: "green", maybe: null });
});

test("defaults fill what is absent, also inside the elements of lists", async (api) => {
  const answer = await create(api, { size: 1, parts: [{ name: "a" }, { name: "b", count: 3 }] });
  expect(answer.body.spec).toMatchObject({
    color: "green",
    parts: [
      { name: "a", count: 1 },
      { name: "b", count: 3 },
    ],
  });
});

test("an int-or-string is either, and stays as it was written (surprise 15)", async (api) => {
  const answer = await create(api, { size: 1, port: 80, storage: "1.5Gi" });
  expect(answer.body.spec).toMatchObject({ port: 80, storage: "1.5Gi" });
  const named = await api.patch("merge", `${api.gadgets}/a`, { spec: { port: "http" } });
  expect(named.body.spec).toMatchObject({ port: "http", storage: "1.5Gi" });
  const wrong = await api.patch("merge", `${api.gadgets}/a`, { spec: { port: true } });
  expect([wrong.code, ...causesOf(wrong)]).toEqual([422, "FieldValueTypeInvalid spec.port"]);
});

test("unknown fields are kept where the schema says so, and dropped elsewhere", async (api) => {
  const answer = await create(api, { size: 1, raw: { any: { thing: [1, "x"] } }, unknown: 1 });
  expect(answer.body.spec).toEqual({ size: 1, color: "green", raw: { any: { thing: [1, "x"] } } });
});

test("an unknown field is refused by Strict, told by Warn and by default, and dropped by Ignore (surprise 11)", async ({
  send,
  gadgets,
  maps,
}) => {
  const body = gadget("a", { size: 1, sise: 2 });
  const of = (mode: string, name: string) =>
    send("POST", `${gadgets}?fieldValidation=${mode}`, { body: { ...body, metadata: { name } } });
  const [strict, warn, usual, ignore] = [
    await of("Strict", "a"),
    await of("Warn", "b"),
    await of("", "c"),
    await of("Ignore", "d"),
  ];
  expect([strict, warn, usual, ignore].map(({ code }) => code)).toEqual([400, 201, 201, 201]);
  expect(strict.body).toMatchObject({
    reason: "BadRequest",
    message: expect.stringContaining('unknown field "spec.sise"'),
  });
  expect([warn, usual, ignore].map(({ headers }) => headers.warning)).toEqual([
    '299 - "unknown field \\"spec.sise\\""',
    '299 - "unknown field \\"spec.sise\\""',
    undefined,
  ]);
  const core = await send("POST", `${maps}?fieldValidation=Strict`, { body: { ...map("a"), datas: {} } });
  expect([core.code, core.body.message]).toEqual([400, expect.stringContaining('unknown field "datas"')]);
});

test("Strict refuses an unknown field of a merge patch with 422 (surprise 11)", async (api) => {
  await create(api, { size: 1 });
  const path = `${api.gadgets}/a?fieldValidation=Strict`;
  const contentType = "application/merge-patch+json";
  const answer = await api.send("PATCH", path, { body: { spec: { sise: 2 } }, contentType });
  expect(answer.code).toBe(422);
  expect(answer.body.message).toContain('unknown field "spec.sise"');
});

test("a field written twice is refused by Strict and told by default", async ({ send, gadgets, maps }) => {
  const custom = '{"apiVersion":"example.net/v1","kind":"Gadget","metadata":{"name":"a"},"spec":{"size":1,"size":2}}';
  const core = '{"metadata":{"name":"a"},"data":{"a":"1","a":"2"}}';
  for (const [path, body, field] of [
    [gadgets, custom, "spec.size"],
    [maps, core, "data.a"],
  ] as const) {
    const strict = await send("POST", `${path}?fieldValidation=Strict`, { body });
    expect(strict.code).toBe(400);
    expect(strict.body.message).toContain(`duplicate field "${field}"`);
    const warned = await send("POST", path, { body });
    expect([warned.code, warned.headers.warning]).toEqual([201, `299 - "duplicate field \\"${field}\\""`]);
  }
});

test("unknown metadata of a custom resource is dropped with a warning", async ({ post, gadgets }) => {
  const answer = await post(gadgets, gadget("a", { size: 1 }, { nonsense: 1 }));
  expect(answer.code).toBe(201);
  expect(answer.headers.warning).toContain('unknown field \\"metadata.nonsense\\"');
  expect(answer.body.metadata).not.toHaveProperty("nonsense");
});

test("names and labels are held to their rules, each told by its field", async ({ post, maps, gadgets }) => {
  const invalid = {
    name: "Not_a_name",
    labels: { "a b": "x", ok: "-no-" },
    annotations: { "a b": "x" },
    finalizers: ["nope"],
  };
  const core = await post(maps, { metadata: invalid });
  expect(core.code).toBe(422);
  expect([...causesOf(core)].sort()).toEqual([
    "FieldValueInvalid metadata.annotations",
    "FieldValueInvalid metadata.finalizers[0]",
    "FieldValueInvalid metadata.labels",
    "FieldValueInvalid metadata.labels",
    "FieldValueInvalid metadata.name",
  ]);
  const custom = await post(gadgets, { ...gadget("a"), metadata: { name: "Not_a_name" } });
  expect(causesOf(custom)).toEqual(["FieldValueInvalid metadata.name"]);
});

test("metadata of the wrong type is 400", async ({ post, maps, gadgets }) => {
  const answers = [
    await post(maps, { metadata: { name: 7 } }),
    await post(maps, { metadata: { name: "a", labels: { a: 1 } } }),
    await post(gadgets, gadget("a", { size: 1 }, { labels: { a: 1 } })),
    await post(maps, { metadata: [] }),
  ];
  expect(answers.map(({ code }) => code)).toEqual([400, 400, 400, 400]);
});

test("a value of the wrong type in a built-in kind is 400, as it cannot be read", async ({ post, maps }) => {
  const answer = await post(maps, map("a", { a: 1 }));
  expect(`${answer.code} ${answer.body.reason}`).toBe("400 BadRequest");
  expect(answer.body.message).toContain("cannot unmarshal number into Go");
});

test("what cannot change of a claim is refused: its spec, but for a larger request", async ({ make, patch, here }) => {
  const claims = `/api/v1${here}/persistentvolumeclaims`;
  const resources = { requests: { storage: "1Gi" } };
  await make(claims, {
    metadata: { name: "a" },
    spec: { accessModes: ["ReadWriteOnce"], resources, storageClassName: "c" },
  });
  const answer = await patch("merge", `${claims}/a`, { spec: { storageClassName: "d" } });
  expect(answer.code).toBe(422);
  expect(causesOf(answer)).toEqual(["FieldValueForbidden spec"]);
});

test("a pod is checked: containers, names, images, and volumes that its mounts name", async ({ post, here }) => {
  const pods = `/api/v1${here}/pods`;
  const none = await post(pods, { metadata: { name: "a" }, spec: { containers: [] } });
  expect([none.code, ...causesOf(none)]).toEqual([422, "FieldValueRequired spec.containers"]);
  const mounts = [{ name: "v", mountPath: "/v" }];
  const lost = await post(pods, {
    metadata: { name: "a" },
    spec: { containers: [{ name: "c", image: "i", volumeMounts: mounts }] },
  });
  expect(causesOf(lost)).toEqual(["FieldValueNotFound spec.containers[0].volumeMounts[0].name"]);
});

test("an immutable ConfigMap cannot be changed, nor made mutable again", async ({ make, patch, maps }) => {
  await make(maps, { ...map("a"), immutable: true });
  const data = await patch("merge", `${maps}/a`, { data: { a: "2" } });
  const mutable = await patch("merge", `${maps}/a`, { immutable: false });
  expect([data, mutable].map(({ code }) => code)).toEqual([422, 422]);
  expect([...causesOf(data), ...causesOf(mutable)]).toEqual([
    "FieldValueForbidden data",
    "FieldValueForbidden immutable",
  ]);
});

test("the type of a secret cannot change, and its keys are checked", async ({ make, post, patch, here }) => {
  const secrets = `/api/v1${here}/secrets`;
  const made = await make(secrets, { metadata: { name: "a" }, stringData: { k: "v" } });
  expect(made).toMatchObject({ type: "Opaque", data: { k: "dg==" } });
  const changed = await patch("merge", `${secrets}/a`, { type: "other" });
  expect([changed.code, ...causesOf(changed)]).toEqual([422, "FieldValueInvalid type"]);
  const keys = await post(secrets, { metadata: { name: "b" }, data: { "a/b": "" } });
  expect([keys.code, ...causesOf(keys)]).toEqual([422, "FieldValueInvalid data[a/b]"]);
});

test("a ConfigMap over 1 MiB is 422 TooLong", async ({ post, maps }) => {
  const answer = await post(maps, map("a", { a: "x".repeat(1 << 20), b: "x" }));
  expect([answer.code, ...causesOf(answer)]).toEqual([422, "FieldValueTooLong []"]);
});

test("annotations over 256 KiB are 422 TooLong", async ({ post, maps }) => {
  const answer = await post(maps, map("a", {}, { annotations: { a: "x".repeat(256 << 10) } }));
  expect([answer.code, ...causesOf(answer)]).toEqual([422, "FieldValueTooLong metadata.annotations"]);
});

test("a name over 253 characters, a label over 63 and its prefix over 253 are refused", async ({ post, maps }) => {
  const answers = [
    await post(maps, map("a".repeat(254))),
    await post(maps, map("a", {}, { labels: { a: "x".repeat(64) } })),
    await post(maps, map("a", {}, { labels: { [`${"a".repeat(254)}/b`]: "" } })),
    await post(maps, map("a".repeat(253))),
  ];
  expect(answers.map(({ code }) => code)).toEqual([422, 422, 422, 201]);
});
