import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ThrowAwayApi, throwAwayApi } from "../../testing/cluster.ts";
import { type RawClient, rawClient } from "../../testing/raw-client.ts";

let api: ThrowAwayApi;
let client: RawClient;
beforeEach(async () => {
  api = await throwAwayApi({ window: { changes: 20, bytes: 1 << 20 } });
  client = rawClient(api);
});
afterEach(async () => {
  client.close();
  await api.stop();
});

const maps = "/api/v1/namespaces/default/configmaps";
const create = (name: string, value = "1") =>
  client.send("POST", maps, { body: { metadata: { name }, data: { value } } });

test("a watch from a version that is no longer held gets an ERROR event with 410 Expired, and ends", async () => {
  for (let i = 0; i < 40; i++) await create(`many-${i}`);
  const watch = await client.watch(`${maps}?watch=1&resourceVersion=2`);
  await watch.ended;
  expect(watch.code).toBe(200);
  expect(watch.events).toMatchObject([{ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } }]);
});

test("a page whose list began too long ago is 410 Expired", async () => {
  for (let i = 0; i < 3; i++) await create(`first-${i}`);
  const page = (await client.send("GET", `${maps}?limit=2`)).body.metadata as { continue: string };
  for (let i = 0; i < 40; i++) await create(`later-${i}`);
  const next = await client.send("GET", `${maps}?limit=2&continue=${page.continue}`);
  expect(next.code).toBe(410);
  expect(next.body.reason).toBe("Expired");
});

test("a kind that rests keeps its watches, however much happens to others", async () => {
  const { body } = await client.send("GET", "/api/v1/secrets");
  for (let i = 0; i < 40; i++) await create(`busy-${i}`);
  const { resourceVersion } = body.metadata as { resourceVersion: string };
  const watch = await client.watch(`/api/v1/secrets?watch=1&resourceVersion=${resourceVersion}`);
  await client.send("POST", "/api/v1/namespaces/default/secrets", { body: { metadata: { name: "quiet" } } });
  const event = await watch.next(() => true);
  watch.close();
  expect(event).toMatchObject({ type: "ADDED", object: { metadata: { name: "quiet" } } });
});

// 29 MB through TLS twice: seconds of work, more on a busy machine.
test("a watcher that does not read is cut off, and others go on", { timeout: 60_000 }, async () => {
  const headers = { authorization: `Bearer ${api.adminToken}` };
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${api.url}${maps}?watch=1`, { ca: api.caPem, headers }, resolve).on("error", reject).end();
  });
  incoming.pause();
  const reader = await client.watch(`${maps}?watch=1`);
  for (let i = 0; i < 32; i++) await create(`large-${i}`, "x".repeat(900_000));
  await reader.next(({ object }) => (object.metadata as { name: string }).name === "large-31");
  reader.close();
  let receivedBytes = 0;
  incoming.on("data", (chunk: Buffer) => {
    receivedBytes += chunk.length;
  });
  const error = await new Promise<Error>((resolve) => incoming.on("error", resolve).resume());
  expect(error.message).toBe("aborted");
  expect(receivedBytes).toBeLessThan(28_000_000);
});
