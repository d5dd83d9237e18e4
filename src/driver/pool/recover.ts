import { Failure } from "../../lib/failure.ts";
import { snapshotImage, volumeImage } from "./layout.ts";
import type { Workshop } from "./workshop.ts";

type Recovering = Pick<Workshop, "layout" | "state" | "files" | "trash" | "log">;

/**
 * Ends, before anything is served, what the last run left half-done: what was being made is dropped (no handle was given
 * for it), what was being deleted or grown is finished, images that belong to nothing are deleted.
 *
 * An image that is missing is nothing we can mend: it is logged, and shown as the health of its volume or snapshot.
 *
 * @throws Failure "precondition" if the images were made with another state, which may still know them
 */
export async function recover(shop: Recovering): Promise<void> {
  const dropped = await finishIntents(shop);
  const strays = await deleteStrays(shop);
  await growToSize(shop);
  if (dropped + strays > 0) shop.log.info({ dropped, strays }, "ended what the last run left half-done");
}

async function finishIntents({ layout, state, trash }: Recovering): Promise<number> {
  const unfinished = "state <> 'ready'";
  const volumes = state.volumes.list(unfinished);
  const snapshots = state.snapshots.list(unfinished);
  const images = [
    ...volumes.map(({ id }) => volumeImage(layout, id)),
    ...snapshots.map(({ id }) => snapshotImage(layout, id)),
  ];
  if (images.length > 0) await trash.remove(images);
  state.transaction(() => {
    state.volumes.remove(unfinished);
    state.snapshots.remove(unfinished);
    state.groups.remove(unfinished);
  });
  return volumes.length + snapshots.length;
}

async function deleteStrays({ layout, state, files, trash }: Recovering): Promise<number> {
  const known = new Set([...state.volumes.list("true"), ...state.snapshots.list("true")].map(({ id }) => id));
  const strays = [
    ...(await straysIn(layout.volumes, (id) => volumeImage(layout, id))),
    ...(await straysIn(layout.snapshots, (id) => snapshotImage(layout, id))),
  ];
  if (strays.length > 0 && state.isUnused())
    throw new Failure(
      "precondition",
      `${layout.pool} has images (${strays.length}) of volumes and snapshots that ${layout.state} knows nothing of, ` +
        "and would be emptied: start what it was made with, or bring the state of that time back, or delete the images",
    );
  if (strays.length > 0) await trash.remove(strays);
  return strays.length;

  async function straysIn(folder: string, pathOf: (id: string) => string): Promise<readonly string[]> {
    return (await files.listImages(folder)).filter((id) => !known.has(id)).map(pathOf);
  }
}

/** A volume's size is written down before its image grows. */
async function growToSize({ layout, state, files, log }: Recovering) {
  for (const { id, sizeBytes } of state.volumes.list("true")) {
    const image = await files.find(volumeImage(layout, id));
    if (image === undefined) log.error({ volume: id }, "the image of a volume is missing: its data is lost");
    else if (image.sizeBytes < sizeBytes) await files.grow(volumeImage(layout, id), sizeBytes);
  }
  for (const { id } of state.snapshots.list("true"))
    if ((await files.find(snapshotImage(layout, id))) === undefined)
      log.error({ snapshot: id }, "the image of a snapshot is missing: its data is lost");
}
