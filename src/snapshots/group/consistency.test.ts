import { afterEach, expect, test } from "vitest";
import { consistencyAnnotation } from "../../api/annotations.ts";
import { groupContents, groupSnapshots } from "../../api/group-snapshot/resources.ts";
import { groupContentNameOf } from "../../api/names.ts";
import { contents } from "../../api/snapshot/resources.ts";
import type { KubeObject } from "../../kube/object.ts";
import { type SnapshotLab, snapshotLab } from "../../testing/snapshot-lab.ts";

let lab: SnapshotLab;
afterEach(() => lab.stop());

const { signal } = new AbortController();
const worthOf = ({ metadata }: KubeObject) => metadata.annotations?.[consistencyAnnotation];

/** What the group's content says, and the contents of its two members. */
async function worthOfGroup(readyAfter = 0): Promise<readonly unknown[]> {
  await Promise.all([lab.start("controller"), lab.start("sidecar")]);
  lab.driver.readyAfter(readyAfter);
  await lab.makeClaims("db", ["data", "wal"]);
  const group = await lab.makeGroup("db");
  await lab.until(groupSnapshots, { namespace: "shop", name: "db" }, (found) => found?.status?.readyToUse === true);
  const content = await lab.client.get(groupContents, { name: groupContentNameOf(group) }, { signal });
  const members = await lab.client.list(contents, { signal });
  return [content, ...members.items].map(worthOf);
}

test("what the driver says that a group is worth stands on its content and on those of its members", async () => {
  lab = await snapshotLab({ driver: { consistency: "filesystem" } });
  expect(await worthOfGroup()).toEqual(["filesystem", "filesystem", "filesystem"]);
});

test("what a group is worth is told from its first answer on, be the driver ready or not", async () => {
  lab = await snapshotLab({ driver: { consistency: "crash" } });
  expect(await worthOfGroup(1)).toEqual(["crash", "crash", "crash"]);
});

test("nothing is claimed for the groups of a driver that says nothing", async () => {
  lab = await snapshotLab();
  expect(await worthOfGroup()).toEqual([undefined, undefined, undefined]);
});
