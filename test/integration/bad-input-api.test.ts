import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type RawClient, rawClient } from "../../src/testing/raw-client.ts";
import { type UserCluster, userCluster } from "../../src/testing/user-cluster.ts";

let cluster: UserCluster;
let client: RawClient;
beforeAll(async () => {
  cluster = await userCluster("-v=5");
  const config = parse(readFileSync(cluster.kubeconfig, "utf8"));
  const { server, "certificate-authority-data": ca } = config.clusters[0].cluster;
  const adminToken = config.users.find(({ user }: { user: { token?: string } }) => user.token)?.user.token;
  client = rawClient({ url: server, caPem: Buffer.from(ca, "base64").toString(), adminToken });
});
afterAll(async () => {
  client.close();
  await cluster.stop();
});

const groups = "/apis/groupsnapshot.storage.k8s.io/v1/namespaces/shop/volumegroupsnapshots";
const classes = "/apis/groupsnapshot.storage.k8s.io/v1/volumegroupsnapshotclasses";
const claims = "/api/v1/namespaces/shop/persistentvolumeclaims";
const group = (more: { readonly metadata?: object; readonly spec?: object }) => ({
  apiVersion: "groupsnapshot.storage.k8s.io/v1",
  kind: "VolumeGroupSnapshot",
  metadata: { name: "g", ...more.metadata },
  spec: { source: { selector: { matchLabels: { app: "db" } } }, ...more.spec },
});
const claim = (metadata: object) => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata,
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
});

test("an unknown token is refused with what to do, and told neither to the client nor to the log", async () => {
  const token = "a-token-that-somebody-made-up";
  const answer = await client.send("GET", groups, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.code).toBe(401);
  expect(answer.body).toMatchObject({ kind: "Status", reason: "Unauthorized" });
  const log = () => readFileSync(join(cluster.dataDir, "..", "start-0.log"), "utf8");
  await expect.poll(log).toContain(groups); // the line follows the answer
  expect([answer.text, JSON.stringify(answer.headers), log()].filter((text) => text.includes(token))).toEqual([]);
});

describe("a body that cannot be read is refused:", () => {
  test.each<[string, string, string | undefined, number, RegExp]>([
    [
      "JSON that breaks off",
      '{"metadata": {"name": "g"',
      "application/json",
      400,
      /not valid JSON: .*position|line|end/,
    ],
    ["JSON with a stray comma", '{"metadata": {"name": "g",}}', "application/json", 400, /not valid JSON/],
    ["YAML that breaks off", "metadata: {name: [", "application/yaml", 400, /not valid YAML: .*line 1, column/s],
    ["YAML with a tab", "metadata:\n\tname: g", "application/yaml", 400, /not valid YAML: .*line 2, column/s],
    ["a list", "[]", "application/json", 400, /must be a JSON or YAML object/],
    ["nothing at all", "", "application/json", 400, /is empty, but must be an object/],
    ["a text in no known format", "group", "text/plain", 415, /application\/json/],
    ["more than 3 MiB", `{"a": "${"x".repeat(3 << 20)}"}`, undefined, 413, /3145728/],
  ])("%s", async (_title, body, contentType, code, message) => {
    const answer = await client.send("POST", groups, { body, ...(contentType ? { contentType } : {}) });
    expect(answer.code).toBe(code);
    expect(answer.body).toMatchObject({ kind: "Status", code, message: expect.stringMatching(message) });
  });

  test("and the same body within the limit is taken", async () => {
    const annotations = { padding: "x".repeat(200_000) };
    const answer = await client.send("POST", groups, { body: group({ metadata: { name: "large", annotations } }) });
    expect(answer.code).toBe(201);
  });
});

describe("a name over its limit is refused with the field, the name and the limit:", () => {
  const over = (length: number) => "x".repeat(length + 1);
  test.each<[string, string, object, RegExp]>([
    ["of a group snapshot", groups, group({ metadata: { name: over(253) } }), /metadata\.name.*xxx.*253/s],
    ["of a claim", claims, claim({ name: over(253) }), /metadata\.name.*xxx.*253/s],
    ["of a label's value", groups, group({ metadata: { labels: { app: over(63) } } }), /metadata\.labels.*xxx.*63/s],
    ["of a label", claims, claim({ name: "c", labels: { [over(63)]: "a" } }), /metadata\.labels.*xxx.*63/s],
    [
      "of the class it asks for",
      groups,
      group({ spec: { volumeGroupSnapshotClassName: over(253) } }),
      /spec\.volumeGroupSnapshotClassName.*253/s,
    ],
    [
      "of a label it selects",
      groups,
      group({ spec: { source: { selector: { matchLabels: { app: over(63) } } } } }),
      /spec\.source\.selector\.matchLabels.*63/s,
    ],
    [
      "of a class in upper case",
      classes,
      {
        apiVersion: "groupsnapshot.storage.k8s.io/v1",
        kind: "VolumeGroupSnapshotClass",
        metadata: { name: "csi-groupSnapclass" },
        driver: "d.example.com",
        deletionPolicy: "Delete",
      },
      /metadata\.name.*"csi-groupSnapclass".*lower case/s,
    ],
  ])("%s", async (_title, path, body, message) => {
    const answer = await client.send("POST", path, { body });
    expect(answer.body).toMatchObject({ code: 422, reason: "Invalid", message: expect.stringMatching(message) });
  });

  test("a name of just the limit is taken, and its group is worked on", async () => {
    const name = "x".repeat(253);
    const made = await client.send("POST", groups, { body: group({ metadata: { name } }) });
    expect(made.code).toBe(201);
    const told = await client.watch(`${groups}?watch=true&fieldSelector=metadata.name%3D${name}`);
    const { object } = await told.next((event) => JSON.stringify(event.object).includes("matches no"));
    told.close();
    expect(object).toMatchObject({ status: { readyToUse: false } });
  });
});
