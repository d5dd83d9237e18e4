import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { call, type TestDriver } from "../driver/testing.ts";

/** What stands in a driver's pool and is listed nowhere, is listed and not there, or is a part of a group of two. */
export async function halfMade({ csi, pool }: TestDriver): Promise<readonly string[]> {
  const { entries: volumes } = await csi.controller.listVolumes({}, call);
  const { entries: snapshots } = await csi.controller.listSnapshots({}, call);
  const volumeIds = volumes.map(({ volume }) => volume?.volumeId ?? "");
  const snapshotIds = snapshots.map(({ snapshot }) => snapshot?.snapshotId ?? "");
  return [
    ...difference("volume", volumeIds, await readdir(join(pool, "volumes"))),
    ...difference("snapshot", snapshotIds, await readdir(join(pool, "snapshots"))),
    ...(await readdir(join(pool, "cuts"))).map((name) => `cut ${name} is left`),
    ...(snapshotIds.length % 2 === 0 ? [] : [`${snapshotIds.length} snapshots of groups of two are listed`]),
  ];
}

function difference(kind: string, ids: readonly string[], images: readonly string[]): readonly string[] {
  const listed = ids.map((id) => `${id}.img`);
  return [
    ...images.filter((image) => !listed.includes(image)).map((image) => `${kind} ${image} is listed nowhere`),
    ...listed.filter((image) => !images.includes(image)).map((image) => `${kind} ${image} is listed and not there`),
  ];
}
