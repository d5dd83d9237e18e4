import { Failure } from "../../lib/failure.ts";
import { anyCut } from "../cut/cut-engine.ts";
import { failureOfSystem } from "../system-failure.ts";
import { Jobs } from "./jobs.ts";
import { snapshotImage, volumeImage } from "./layout.ts";
import type { SnapshotRecord, Source, VolumeRecord } from "./records.ts";
import { readableBytes, type SizeRange, sizeFor } from "./sizes.ts";
import type { Workshop } from "./workshop.ts";

export interface VolumeRequest {
  readonly name: string;
  readonly size: SizeRange;
  readonly source: Source | undefined;
}

/** Volumes of the pool: made, found, grown, deleted. Each operation may be repeated and may come at any time. */
export class Volumes {
  readonly #shop: Workshop;
  readonly #jobs: Jobs<VolumeRecord>;

  constructor(shop: Workshop) {
    this.#shop = shop;
    this.#jobs = new Jobs(shop.clock);
  }

  /**
   * The volume of that name, made if it is not there.
   *
   * @throws Failure "exists" if it is there but not as asked; "notFound" without its source; "outOfRange"; "exhausted";
   *   "busy" while it is copied
   */
  async ensure(request: VolumeRequest, signal: AbortSignal): Promise<VolumeRecord> {
    const known = this.#shop.state.volumes.find("name = ?", request.name);
    if (known?.state === "ready") return compatible(known, request);
    const start = () => this.#create(request);
    return this.#jobs.join({ name: request.name, request: JSON.stringify(request), signal, start });
  }

  find(id: string): VolumeRecord | undefined {
    return this.#shop.state.volumes.find("id = ? AND state = 'ready'", id);
  }

  /** @throws Failure "notFound" */
  get(id: string): VolumeRecord {
    const volume = this.find(id);
    if (volume === undefined) throw new Failure("notFound", `there is no volume ${id} in the pool`);
    return volume;
  }

  /** In the order they were made, from the one after `afterSeq`. */
  list(page: { readonly afterSeq: number; readonly limit: number }): readonly VolumeRecord[] {
    return this.#shop.state.volumes.list("state = 'ready' AND seq > ? ORDER BY seq LIMIT ?", page.afterSeq, page.limit);
  }

  /** Deletes a volume; its snapshots stay. One that is gone is fine. @throws Failure "precondition" if in use; "busy" */
  async remove(id: string): Promise<void> {
    const { state, reservations, trash, layout } = this.#shop;
    const volume = state.volumes.find("id = ?", id);
    if (volume === undefined || volume.state === "creating") return; // an id nobody was given yet does not exist
    const release = reservations.exclude([id], "it is being deleted");
    try {
      const use = state.uses.find("volume_id = ?", id);
      if (use) throw new Failure("precondition", `volume ${id} is in use at ${use.path}; unpublish it first`);
      state.volumes.update("state = 'deleting' WHERE id = ?", id);
      this.#shop.onStep?.("volume deletion intended");
      await trash.remove([volumeImage(layout, id)]);
      this.#shop.onStep?.("volume image deleted");
      state.volumes.remove("id = ?", id);
    } catch (error) {
      throw failureOfSystem(error, `cannot delete volume ${id}`);
    } finally {
      release();
    }
  }

  /** Makes a volume at least that large, in use or not. @throws Failure "outOfRange"; "exhausted"; "busy" */
  async grow(id: string, size: SizeRange): Promise<VolumeRecord> {
    const { state, reservations, space, access, layout } = this.#shop;
    const volume = this.get(id);
    const wantedBytes = grownSize(volume, size);
    if (wantedBytes <= volume.sizeBytes) return volume;
    const release = reservations.exclude([id], "it is being expanded");
    try {
      const freeBytes = await space.freeBytes();
      const moreBytes = wantedBytes - volume.sizeBytes;
      space.require({ what: `volume ${id} larger`, promisedBytes: moreBytes, writtenBytes: 0 }, freeBytes);
      state.volumes.update("size_bytes = ? WHERE id = ?", wantedBytes, id);
      this.#shop.onStep?.("growth intended");
      await access.grow(volumeImage(layout, id), wantedBytes);
      return this.get(id);
    } catch (error) {
      state.volumes.update("size_bytes = ? WHERE id = ?", volume.sizeBytes, id);
      throw failureOfSystem(error, `cannot expand volume ${id}`);
    } finally {
      release();
    }
  }

  /** Resolves when nothing is being made. */
  settled(): Promise<void> {
    return this.#jobs.settled();
  }

  async #create(request: VolumeRequest): Promise<VolumeRecord> {
    const { state, space, reservations } = this.#shop;
    const { name } = request;
    await this.#finishLeftover(name);
    const source = request.source && this.#sourceOf(request.source);
    const sizeBytes = sizeFor(request.size, source);
    const id = `vol-${this.#shop.random.uuid()}`;
    const release = reservations.share(source ? [source.id] : [], `volume ${name} is made from it`);
    try {
      const freeBytes = await space.freeBytes();
      space.require({ what: `volume ${name}`, promisedBytes: sizeBytes, writtenBytes: 0 }, freeBytes);
      state.volumes.insert({ id, name, sizeBytes, source: request.source, state: "creating" });
      this.#shop.onStep?.("volume intended");
      await this.#fill(id, sizeBytes, source);
      this.#shop.onStep?.("volume filled");
      state.volumes.update("state = 'ready' WHERE id = ?", id);
      return this.get(id);
    } catch (error) {
      await this.#undo(id);
      throw failureOfSystem(error, `cannot make volume ${name}`);
    } finally {
      release();
    }
  }

  async #fill(id: string, sizeBytes: number, source: OpenSource | undefined): Promise<void> {
    const { files, access, layout } = this.#shop;
    const target = volumeImage(layout, id);
    if (source === undefined) return files.createEmpty(target, sizeBytes);
    await this.#copy(source, id, target);
    if (sizeBytes > source.sizeBytes) await access.grow(target, sizeBytes);
  }

  async #copy(source: OpenSource, id: string, target: string): Promise<void> {
    const { cutter } = this.#shop;
    if (source.kind === "snapshot") return cutter.clone(source.image, target);
    const { copied } = await cutter.cut(id, [{ image: source.image, target }], anyCut);
    await copied;
  }

  #sourceOf(source: Source): OpenSource {
    const { state, layout } = this.#shop;
    const ready = "id = ? AND state = 'ready'";
    const found: VolumeRecord | SnapshotRecord | undefined =
      source.kind === "volume" ? state.volumes.find(ready, source.id) : state.snapshots.find(ready, source.id);
    if (found === undefined)
      throw new Failure("notFound", `there is no ${source.kind} ${source.id} in the pool to make a volume from`);
    const image = source.kind === "volume" ? volumeImage(layout, source.id) : snapshotImage(layout, source.id);
    return { ...source, image, sizeBytes: found.sizeBytes };
  }

  /** What an earlier try under this name left because its undoing failed too. */
  async #finishLeftover(name: string): Promise<void> {
    const leftover = this.#shop.state.volumes.find("name = ?", name);
    if (leftover === undefined) return;
    const release = this.#shop.reservations.exclude([leftover.id], "it is being deleted");
    try {
      await this.#shop.trash.remove([volumeImage(this.#shop.layout, leftover.id)]);
      this.#shop.state.volumes.remove("id = ?", leftover.id);
    } finally {
      release();
    }
  }

  async #undo(id: string): Promise<void> {
    try {
      await this.#shop.trash.remove([volumeImage(this.#shop.layout, id)]);
      this.#shop.state.volumes.remove("id = ?", id);
    } catch (error) {
      this.#shop.log.error({ err: error, volume: id }, "an unfinished volume stays until the next try or start");
    }
  }
}

interface OpenSource extends Source {
  readonly image: string;
  readonly sizeBytes: number;
}

function compatible(volume: VolumeRecord, { name, size, source }: VolumeRequest): VolumeRecord {
  const { atLeastBytes = 0, atMostBytes = Number.POSITIVE_INFINITY } = size;
  const fits = volume.sizeBytes >= atLeastBytes && volume.sizeBytes <= atMostBytes;
  if (!fits)
    throw new Failure(
      "exists",
      `volume ${name} exists with ${readableBytes(volume.sizeBytes)}, which is not the size asked for`,
    );
  const isSame = volume.source?.kind === source?.kind && volume.source?.id === source?.id;
  if (!isSame)
    throw new Failure("exists", `volume ${name} exists, made from ${volume.source?.id ?? "nothing"}; use another name`);
  return volume;
}

/** @throws Failure "outOfRange" if the volume already is beyond the limit, or no size fits */
function grownSize(volume: VolumeRecord, size: SizeRange): number {
  if (volume.sizeBytes > (size.atMostBytes ?? Number.POSITIVE_INFINITY))
    throw new Failure(
      "outOfRange",
      `volume ${volume.id} has ${volume.sizeBytes} bytes and cannot shrink to ${size.atMostBytes}`,
    );
  if ((size.atLeastBytes ?? 0) <= volume.sizeBytes) return volume.sizeBytes;
  return sizeFor(size, undefined);
}
