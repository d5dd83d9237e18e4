import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contents, snapshots } from "../../api/snapshot/resources.ts";
import type { Snapshot } from "../../api/snapshot/types.ts";
import { secrets } from "../../kube/core/secret.ts";
import { type LabApi, labApi } from "../../testing/lab-api.ts";
import type { CapabilityName } from "../../testing/scripted-driver/world.ts";
import { aSingleWorld, contentAt, type SingleWorld } from "../../testing/single-world.ts";

let api: LabApi;
beforeAll(async () => {
  api = await labApi();
});
afterAll(() => api.stop());

const placeholder = (key: string) => `\${${key}}`;
const secretParameters = (use: string, name: string) => ({
  [`csi.storage.k8s.io/${use}-name`]: name,
  [`csi.storage.k8s.io/${use}-namespace`]: placeholder("volumesnapshot.namespace"),
});
const parameters = {
  ...secretParameters("snapshotter-secret", "making"),
  ...secretParameters("snapshotter-list-secret", `looking-at-${placeholder("volumesnapshot.name")}`),
};

/** A snapshot that is ready when it is asked for again, of a driver without these capabilities and a class with secrets. */
async function asked(without: readonly CapabilityName[], work: (world: SingleWorld, made: Snapshot) => Promise<void>) {
  const world = await aSingleWorld(api, { driver: { without }, snapshotClass: { parameters } });
  try {
    for (const name of ["making", "looking-at-nightly"]) await makeSecret(world, name);
    world.driver.readyAfter(1);
    world.run();
    const made = await world.snapshot("nightly");
    const at = { namespace: world.namespace, name: "nightly" };
    await world.until(snapshots, at, (found) => found?.status?.readyToUse === true);
    await work(world, made);
  } finally {
    await world.stop();
  }
}

function makeSecret({ client, namespace, signal }: SingleWorld, name: string) {
  const data = { password: Buffer.from(name).toString("base64") };
  return client.create(secrets, { apiVersion: "v1", kind: "Secret", metadata: { namespace, name }, data }, { signal });
}

const about = ({ driver }: SingleWorld) =>
  driver.calls
    .filter(({ method }) => /Snapshots?$/.test(method))
    .map(({ method, request }) => ({ method, ...request }));
const making = { secrets: { password: "making" } };
const looking = { secrets: { password: "looking-at-nightly" } };

describe("a driver whose snapshot is not ready at once", () => {
  test("is asked by GetSnapshot, with the secret for lists", () =>
    asked([], async (world, made) => {
      const { status } = await world.client.get(contents, contentAt(made), { signal: world.signal });
      const snapshotId = status?.snapshotHandle;
      expect(about(world)).toMatchObject([
        { method: "CreateSnapshot", name: `snapshot-${made.metadata.uid}`, ...making },
        { method: "GetSnapshot", snapshotId, ...looking },
      ]);
    }));

  test("is asked by ListSnapshots for this one where it has no GetSnapshot, with the secret for lists", () =>
    asked(["GET_SNAPSHOT"], async (world, made) => {
      const { status } = await world.client.get(contents, contentAt(made), { signal: world.signal });
      const snapshotId = status?.snapshotHandle;
      expect(about(world)).toMatchObject([
        { method: "CreateSnapshot", ...making },
        { method: "ListSnapshots", snapshotId, ...looking },
      ]);
    }));

  test("is asked by the same CreateSnapshot again where it can do nothing else, and is ready by its word alone", () =>
    asked(["GET_SNAPSHOT", "LIST_SNAPSHOTS"], async (world, made) => {
      const name = `snapshot-${made.metadata.uid}`;
      expect(about(world)).toMatchObject([
        { method: "CreateSnapshot", name, ...making },
        { method: "CreateSnapshot", name, ...making },
      ]);
      expect(world.driver.world.snapshots.size).toBe(1);
    }));
});
