import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { configMaps, type HookLab, hookLab } from "../../testing/hook-lab.ts";

let lab: HookLab;
beforeAll(async () => {
  lab = await hookLab();
});
afterAll(() => lab.stop());
afterEach(() => lab.reset());

const allow = () => ({ allowed: true });
const patchWith = (operations: readonly object[]) => () => ({
  allowed: true,
  patchType: "JSONPatch",
  patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
});
const add = (path: string, value: unknown) => ({ op: "add", path, value });
const nameOf = () => expect.stringMatching(/^admission webhook "[a-z]-\d+\.hooks\.example\.com" denied the request/);

describe("a validating webhook", () => {
  test("is told who does what, and what it was before", async () => {
    await lab.configure("Validating", "/all");
    lab.answers.set("/all", allow);
    await lab.create("told", { data: { a: "1" } });
    const contentType = "application/merge-patch+json";
    await lab.client.send("PATCH", `${configMaps}/told`, { body: { data: { a: "2" } }, contentType });
    await lab.client.send("DELETE", `${configMaps}/told`);
    expect(lab.asked.map(({ request }) => request)).toEqual([
      expect.objectContaining({
        kind: { group: "", version: "v1", kind: "ConfigMap" },
        resource: { group: "", version: "v1", resource: "configmaps" },
        name: "told",
        namespace: "default",
        operation: "CREATE",
        userInfo: { username: "groupsnap-admin", groups: ["system:masters", "system:authenticated"] },
        object: expect.objectContaining({ data: { a: "1" } }),
        oldObject: null,
        dryRun: false,
        options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
      }),
      expect.objectContaining({
        operation: "UPDATE",
        object: expect.objectContaining({ data: { a: "2" } }),
        oldObject: expect.objectContaining({ data: { a: "1" } }),
      }),
      expect.objectContaining({
        operation: "DELETE",
        object: null,
        oldObject: expect.objectContaining({ data: { a: "2" } }),
      }),
    ]);
  });

  test("sees the uid under which the object is then stored", async () => {
    await lab.configure("Validating", "/uid");
    lab.answers.set("/uid", allow);
    const { metadata } = (await lab.create("stored")).body;
    expect(lab.asked[0]?.request.object).toMatchObject({
      metadata: { uid: (metadata as JsonObject).uid, name: "stored" },
    });
  });

  test.each([
    [{ message: "no way" }, 400, ": no way"],
    [{ code: 409, reason: "Conflict", message: "busy" }, 409, ": busy"],
    [{ reason: "Forbidden" }, 400, ": Forbidden"],
    [{}, 400, " without explanation"],
  ])("refuses with %o, and nothing is stored", async (status, code, words) => {
    await lab.configure("Validating", "/no");
    lab.answers.set("/no", () => ({ allowed: false, status }));
    const answer = await lab.create("refused");
    expect([answer.code, answer.body.message]).toEqual([code, nameOf()]);
    expect(String(answer.body.message)).toMatch(new RegExp(`${words}$`));
    expect((await lab.client.send("GET", `${configMaps}/refused`)).code).toBe(404);
  });

  test("may refuse one deletion of a collection, and is asked about each", async () => {
    for (const name of ["x1", "x2", "x3"])
      await lab.create(name, { kind: "ConfigMap", metadata: { name, labels: { set: "x" } } });
    await lab.configure("Validating", "/some", {}, { operations: ["DELETE"] });
    lab.answers.set("/some", (request) => ({ allowed: request.name !== "x2" }));
    expect((await lab.client.send("DELETE", `${configMaps}?labelSelector=set=x`)).code).toBe(400);
    expect((await lab.client.send("GET", `${configMaps}/x2`)).code).toBe(200);
    expect(lab.asked.map(({ request }) => request.name)).toEqual(["x1", "x2"]);
  });

  test("warns, and the client hears of it", async () => {
    await lab.configure("Validating", "/warn");
    lab.answers.set("/warn", () => ({ allowed: true, warnings: ["careful"] }));
    expect((await lab.create("warned")).headers.warning).toBe('299 - "careful"');
  });

  test("is told of a dry run, and nothing is stored by it", async () => {
    await lab.configure("Validating", "/dry");
    lab.answers.set("/dry", allow);
    expect(
      (await lab.client.send("POST", `${configMaps}?dryRun=All`, { body: { metadata: { name: "dry" } } })).code,
    ).toBe(201);
    expect(lab.asked[0]?.request).toMatchObject({ dryRun: true, options: { dryRun: ["All"] } });
    expect((await lab.client.send("GET", `${configMaps}/dry`)).code).toBe(404);
  });

  test("is asked again when somebody else wrote while it thought", async () => {
    await lab.create("raced", { data: { n: "0" } });
    await lab.configure("Validating", "/slow", {}, { operations: ["UPDATE"] });
    const contentType = "application/merge-patch+json";
    const patch = (data: object) => lab.client.send("PATCH", `${configMaps}/raced`, { body: { data }, contentType });
    let isFirst = true;
    lab.answers.set("/slow", async () => {
      if (!isFirst) return { allowed: true };
      isFirst = false;
      await patch({ other: "1" });
      return { allowed: true };
    });
    expect((await patch({ mine: "1" })).body).toMatchObject({ data: { n: "0", other: "1", mine: "1" } });
    expect(lab.asked).toHaveLength(3);
    expect(lab.asked[2]?.request).toMatchObject({
      oldObject: { data: { other: "1" } },
      object: { data: { mine: "1", other: "1" } },
    });
  });
});

describe("a mutating webhook", () => {
  test("changes what is stored, and what it makes is judged like any object", async () => {
    await lab.configure("Mutating", "/patch");
    lab.answers.set("/patch", patchWith([add("/data", { x: "1" })]));
    expect((await lab.create("patched")).body).toMatchObject({ data: { x: "1" } });
    lab.answers.set("/patch", patchWith([add("/data", { "not a key": "1" })]));
    expect((await lab.create("wrong")).code).toBe(422);
    lab.answers.set("/patch", patchWith([{ op: "remove", path: "/nope" }]));
    expect((await lab.create("wrong")).body).toMatchObject({
      code: 500,
      message: expect.stringContaining("Internal error occurred: the patch of webhook"),
    });
  });

  test("sees defaults, and what those before it made", async () => {
    await lab.configure("Mutating", "/one");
    await lab.configure("Mutating", "/two");
    await lab.configure("Validating", "/last");
    lab.answers.set("/one", patchWith([add("/data", { x: "1" })]));
    lab.answers.set("/two", patchWith([add("/data/y", "2")]));
    lab.answers.set("/last", allow);
    await lab.create("chained");
    expect(lab.asked.map(({ path, request }) => [path, (request.object as JsonObject).data])).toEqual([
      ["/one", undefined],
      ["/two", { x: "1" }],
      ["/last", { x: "1", y: "2" }],
    ]);
  });

  test("is asked again after others changed the object, if it wants to be", async () => {
    await lab.configure("Mutating", "/first", { reinvocationPolicy: "IfNeeded" });
    await lab.configure("Mutating", "/second");
    lab.answers.set("/first", allow);
    lab.answers.set("/second", patchWith([add("/data", { y: "2" })]));
    await lab.create("again");
    expect(lab.asked.map(({ path }) => path)).toEqual(["/first", "/second", "/first"]);
  });

  test("cannot change the name or the uid", async () => {
    await lab.configure("Mutating", "/rename");
    lab.answers.set(
      "/rename",
      patchWith([add("/metadata/name", "other"), add("/metadata/uid", "u"), add("/metadata/labels", { a: "b" })]),
    );
    expect((await lab.create("named")).body).toMatchObject({
      metadata: { name: "named", labels: { a: "b" }, uid: expect.stringMatching(/-/) },
    });
  });

  test("does not hide from Strict what the client wrote wrong", async () => {
    await lab.configure("Mutating", "/hide");
    lab.answers.set("/hide", patchWith([add("/data", { x: "1" })]));
    const answer = await lab.client.send("POST", `${configMaps}?fieldValidation=Strict`, {
      body: { metadata: { name: "strict" }, foo: 1 },
    });
    expect([answer.code, answer.body.message]).toEqual([400, expect.stringContaining('unknown field "foo"')]);
  });
});

describe("a webhook that fails", () => {
  const failing = (why: string) =>
    expect.stringMatching(new RegExp(`^Internal error occurred: failed calling webhook "[^"]+": ${why}`));

  test.each([
    ["answers 500", () => "oops", {}, 'failed to call webhook: an error on the server \\("oops", status 500\\)'],
    [
      "answers with another uid",
      () => ({ uid: "x", allowed: true }),
      {},
      "received invalid webhook response: expected response.uid=",
    ],
    [
      "does not answer in time",
      () => new Promise<JsonObject>(() => undefined),
      { timeoutSeconds: 1 },
      'failed to call webhook: Post "https://127.0.0.1:\\d+/bad\\?timeout=1s": context deadline exceeded',
    ],
    [
      "cannot be reached",
      allow,
      { clientConfig: { url: "https://127.0.0.1:1/x" } },
      'failed to call webhook: Post "https://127.0.0.1:1/x\\?timeout=10s": connect ECONNREFUSED',
    ],
    [
      "is behind a service",
      allow,
      { clientConfig: { service: { namespace: "default", name: "svc", path: "/p" } } },
      'failed to call webhook: Post "https://svc.default.svc:443/p\\?timeout=10s": service "svc" not found: this server has no services',
    ],
  ])("because it %s fails the write, unless failures are ignored", async (_what, response, more, why) => {
    lab.answers.set("/bad", response);
    await lab.configure("Validating", "/bad", { ...more, failurePolicy: "Ignore" });
    expect(
      (await lab.client.send("POST", `${configMaps}?dryRun=All`, { body: { metadata: { name: "x" } } })).code,
    ).toBe(201);
    await lab.configure("Validating", "/bad", more);
    const answer = await lab.create("x");
    expect([answer.code, answer.body.message]).toEqual([500, failing(why)]);
  });

  test("because nobody vouches for its certificate is not asked", async () => {
    await lab.configure("Validating", "/tls", { clientConfig: { url: `${lab.url}/tls` } });
    expect((await lab.create("untrusted")).body.message).toEqual(failing("failed to call webhook: Post .*certificate"));
    expect(lab.asked).toEqual([]);
  });
});

test("a condition that is no CEL is refused with its place", async () => {
  const webhook = {
    name: "a.hooks.example.com",
    clientConfig: { url: "https://127.0.0.1:1" },
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
    matchConditions: [{ name: "c", expression: "object.(" }],
  };
  const answer = await lab.client.send(
    "POST",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    {
      body: { metadata: { name: "bad" }, webhooks: [webhook] },
    },
  );
  expect([answer.code, answer.body.message]).toEqual([
    422,
    expect.stringContaining("webhooks[0].matchConditions[0].expression: Invalid value:"),
  ]);
});
