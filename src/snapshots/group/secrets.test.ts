import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { groupClasses, groupContents, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import type { GroupSnapshot } from "../../api/group-snapshot/types.ts";
import { secrets } from "../../kube/core/secret.ts";
import { aGroupClass } from "../../testing/group-builders.ts";
import { type SnapshotLab, snapshotLab, strip } from "../../testing/snapshot-lab.ts";

let lab: SnapshotLab;
let classes = 0;
let className: string;
beforeAll(async () => {
  lab = await snapshotLab();
  for (const name of ["cut-nightly", "look"]) await makeSecret(name);
  await Promise.all([lab.start("controller"), lab.start("sidecar")]);
});
afterAll(() => lab.stop());
beforeEach(() => {
  className = `secret${++classes}`;
});
afterEach(async () => {
  await remove("nightly");
  expect(await lab.leftovers()).toEqual([]);
});

const { signal } = new AbortController();
const at = (name: string) => ({ namespace: "shop", name });
const isReady = (group: GroupSnapshot | undefined) => group?.status?.readyToUse === true;
const saying = (text: string) => (group: GroupSnapshot | undefined) =>
  group?.status?.error?.message?.includes(text) === true;
const placeholder = (key: string) => `\${${key}}`;

async function remove(name: string): Promise<void> {
  await lab.client.delete(groupSnapshots, at(name), { signal }).catch(() => undefined); // gone already
  await lab.until(groupSnapshots, at(name), (group) => group === undefined);
}

function makeSecret(name: string) {
  const data = { password: Buffer.from(`hush-${name}`).toString("base64") };
  return lab.client.create(secrets, { apiVersion: "v1", kind: "Secret", metadata: at(name), data }, { signal });
}

/** A class whose parameters name these secrets, each by name and namespace. */
async function makeClass(named: Readonly<Record<string, readonly [string, string]>>) {
  const parameters = Object.entries(named).flatMap(([key, [name, namespace]]) => [
    [`csi.storage.k8s.io/${key}-name`, name],
    [`csi.storage.k8s.io/${key}-namespace`, namespace],
  ]);
  const given = { parameters: { tier: "gold", ...Object.fromEntries(parameters) } };
  await lab.client.create(groupClasses, strip(aGroupClass(given, { name: className })), { signal });
}

const requestsOf = (method: string) =>
  lab.driver.calls.filter((call) => call.method === method).map(({ request }) => request);

describe("secrets of a group's class", () => {
  test("go with the calls they are for, by templates of group and content, and the driver's parameters without them", async () => {
    await makeClass({
      "group-snapshotter-secret": [
        `cut-${placeholder("volumegroupsnapshot.name")}`,
        placeholder("volumegroupsnapshot.namespace"),
      ],
      "group-snapshotter-get-secret": ["look", "shop"],
    });
    await lab.makeClaims("secret", ["secret-data"]);
    await lab.makeGroup("secret", "nightly", className);
    await lab.until(groupSnapshots, at("nightly"), isReady);
    await remove("nightly");
    const cutting = { secrets: { password: "hush-cut-nightly" } };
    expect(requestsOf("CreateVolumeGroupSnapshot").at(-1)).toMatchObject({ ...cutting, parameters: { tier: "gold" } });
    expect(requestsOf("CreateVolumeGroupSnapshot").at(-1)).toHaveProperty("parameters", { tier: "gold" });
    expect(requestsOf("DeleteVolumeGroupSnapshot").at(-1)).toMatchObject(cutting);
  });

  test("that do not exist are named on the group, and it is cut once they are there", async () => {
    await makeClass({ "group-snapshotter-secret": ["late", "shop"] });
    await lab.makeClaims("late", ["late-data"]);
    await lab.makeGroup("late", "nightly", className);
    const group = await lab.until(groupSnapshots, at("nightly"), saying("ecret shop/late, which"));
    expect(group?.status?.readyToUse).toBe(false);
    await makeSecret("late");
    await lab.until(groupSnapshots, at("nightly"), isReady);
  });

  test("whose template means nothing are refused before anything is made, also those of a later call", async () => {
    await makeClass({ "group-snapshotter-get-secret": [placeholder("volumegroupsnapshot.uid"), "shop"] });
    await lab.makeClaims("typo", ["typo-data"]);
    await lab.makeGroup("typo", "nightly", className);
    await lab.until(groupSnapshots, at("nightly"), saying(placeholder("volumegroupsnapshot.uid")));
    expect((await lab.client.list(groupContents, { signal })).items).toEqual([]);
  });
});
