import { afterAll, beforeAll, expect, test } from "vitest";
import { beingCreated, consistencyAnnotation, yes } from "../../../api/annotations.ts";
import { volumeHandle } from "../../../api/handles.ts";
import { snapshotNaming } from "../../../api/names.ts";
import { contents } from "../../../api/snapshot/resources.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import { cacheOf } from "../../../kube/cache/cache-of.ts";
import type { ActContext } from "../../../kube/controller/controller.ts";
import { systemClock } from "../../../lib/clock.ts";
import { silent } from "../../../lib/log.ts";
import { systemRandom } from "../../../lib/random.ts";
import { type LabApi, labApi } from "../../../testing/lab-api.ts";
import { aSingleWorld, type SingleWorld } from "../../../testing/single-world.ts";
import { snapshotCaches } from "../../pairing/caches.ts";
import { singleCutting } from "./controller.ts";

let api: LabApi;
let world: SingleWorld;
beforeAll(async () => {
  api = await labApi();
  world = await aSingleWorld(api, { driver: { consistency: "filesystem" } });
});
afterAll(async () => {
  await world.stop();
  await api.stop();
});

/** The sidecar's part, driven by hand. */
function cutting({ client, driver }: SingleWorld) {
  return singleCutting({
    ...snapshotCaches((resource) =>
      cacheOf({ client, resource, clock: systemClock, random: systemRandom, log: silent }),
    ),
    csi: driver.csi,
    capabilities: { driver: driver.name, controller: new Set(["CREATE_DELETE_SNAPSHOT"]) },
    naming: snapshotNaming,
    timeoutMs: 5_000,
    extraCreateMetadata: false,
  });
}

function aMarkedContent({ client, driver, namespace, signal }: SingleWorld, name: string): Promise<SnapshotContent> {
  const draft = {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: contents.kind,
    metadata: { name, annotations: { [beingCreated]: yes } },
    spec: {
      driver: driver.name,
      deletionPolicy: "Delete" as const,
      volumeSnapshotRef: { namespace, name, uid: `uid-of-${name}` },
      source: { volumeHandle: volumeHandle("handle-of-data") },
    },
  };
  return client.create(contents, draft, { signal });
}

test("what a snapshot is worth is forgotten with its content, and written down with the mark off otherwise", async () => {
  const context: ActContext = { client: world.client, signal: world.signal, log: silent };
  const sidecar = cutting(world);
  const request = { parameters: {}, secrets: {} };
  const worthAfter = async (name: string, meanwhile: (content: SnapshotContent) => void) => {
    const content = await aMarkedContent(world, name);
    await sidecar.act({ do: "cut", content, volume: volumeHandle("handle-of-data"), request }, context);
    meanwhile(content);
    await sidecar.act({ do: "unmark", content }, context);
    return (await world.client.get(contents, content.metadata, { signal: world.signal })).metadata.annotations;
  };
  expect(await worthAfter("stays", () => undefined)).toEqual({ [consistencyAnnotation]: "filesystem" });
  expect((await worthAfter("went", (content) => sidecar.gone?.(content))) ?? {}).toEqual({});
});
