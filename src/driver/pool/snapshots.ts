import { Failure } from "../../lib/failure.ts";
import { anyCut, type CutWish } from "../cut/cut-engine.ts";
import { failureOfSystem } from "../system-failure.ts";
import { checkAchieved } from "./achieved.ts";
import { Jobs } from "./jobs.ts";
import { snapshotImage, volumeImage } from "./layout.ts";
import type { GroupRecord, SnapshotRecord, VolumeRecord } from "./records.ts";
import type { Workshop } from "./workshop.ts";

/** A group with its members, in no particular order. */
export interface Group extends GroupRecord {
  readonly members: readonly SnapshotRecord[];
}

/**
 * Snapshots of the pool, alone or in groups: a group's members are cut at one instant, all of them or none.
 *
 * A snapshot exists for callers once its copy is complete and on the disk; until then the call that makes it is answered
 * with "busy" and a repeated one joins, so that no handle is ever given for a cut that a crash could lose.
 */
export class Snapshots {
  readonly #shop: Workshop;
  readonly #singles: Jobs<SnapshotRecord>;
  readonly #groups: Jobs<Group>;

  constructor(shop: Workshop) {
    this.#shop = shop;
    this.#singles = new Jobs(shop.clock);
    this.#groups = new Jobs(shop.clock);
  }

  /** The snapshot of that name, taken if it is not there. @throws Failure "exists" if it is of another volume; as `ensureGroup` */
  async ensure(
    request: { readonly name: string; readonly volumeId: string; readonly wish?: CutWish },
    signal: AbortSignal,
  ): Promise<SnapshotRecord> {
    const { name, volumeId, wish = anyCut } = request;
    const known = this.#shop.state.snapshots.find("name = ?", name);
    if (known && known.volumeId !== volumeId)
      throw new Failure("exists", `snapshot ${name} exists, of volume ${known.volumeId}; use another name`);
    if (known?.state === "ready") return known;
    const start = async () => {
      if (known) await this.#finishLeftover([known.id], undefined);
      const [taken] = await this.#take({ name, volumeIds: [volumeId], group: undefined, wish });
      if (taken === undefined) throw new Failure("internal", `the cut of ${name} has no snapshot`);
      return taken;
    };
    return this.#singles.join({ name, request: volumeId, signal, start });
  }

  /**
   * The group of that name, cut if it is not there.
   *
   * @throws Failure "exists" if it is of other volumes; "notFound" without one of the volumes; "exhausted"; "busy" while
   *   it is copied, or while a volume is being changed
   */
  async ensureGroup(
    request: { readonly name: string; readonly volumeIds: readonly string[]; readonly wish?: CutWish },
    signal: AbortSignal,
  ): Promise<Group> {
    const { name, wish = anyCut } = request;
    const volumeIds = request.volumeIds.toSorted();
    const known = this.#shop.state.groups.find("name = ?", name);
    if (known?.state === "ready") return compatible(this.#withMembers(known), volumeIds);
    const start = async () => {
      const members = known ? this.#membersOf(known.id) : [];
      if (known)
        await this.#finishLeftover(
          members.map((member) => member.id),
          known.id,
        );
      const id = `group-${this.#shop.random.uuid()}`;
      await this.#take({ name, volumeIds, group: id, wish });
      return this.getGroup(id);
    };
    return this.#groups.join({ name, request: volumeIds.join(), signal, start });
  }

  find(id: string): SnapshotRecord | undefined {
    return this.#shop.state.snapshots.find("id = ? AND state = 'ready'", id);
  }

  findGroup(id: string): Group | undefined {
    const group = this.#shop.state.groups.find("id = ? AND state = 'ready'", id);
    return group && this.#withMembers(group);
  }

  /** @throws Failure "notFound" */
  getGroup(id: string): Group {
    const group = this.findGroup(id);
    if (group === undefined) throw new Failure("notFound", `there is no group snapshot ${id} in the pool`);
    return group;
  }

  /** In the order they were taken, members of groups included. @param page.volumeId of this volume only */
  list(page: {
    readonly afterSeq: number;
    readonly limit: number;
    readonly volumeId: string | undefined;
  }): readonly SnapshotRecord[] {
    const { afterSeq, limit, volumeId } = page;
    const order = "state = 'ready' AND seq > ? ORDER BY seq LIMIT ?";
    const { snapshots } = this.#shop.state;
    if (volumeId === undefined) return snapshots.list(order, afterSeq, limit);
    return snapshots.list(`volume_id = ? AND ${order}`, volumeId, afterSeq, limit);
  }

  /** Deletes a snapshot; one that is gone is fine. @throws Failure "invalid" for a group's member; "busy" while restored */
  async remove(id: string): Promise<void> {
    const snapshot = this.#shop.state.snapshots.find("id = ?", id);
    if (snapshot === undefined || snapshot.state === "creating") return;
    if (snapshot.groupId !== undefined)
      throw new Failure("invalid", `snapshot ${id} is a member of ${snapshot.groupId}: delete the group instead`);
    await this.#remove([id], undefined);
  }

  /** Deletes a group with all its members; one that is gone is fine. @throws Failure "busy" while one is restored */
  async removeGroup(id: string): Promise<void> {
    const group = this.#shop.state.groups.find("id = ?", id);
    if (group === undefined || group.state === "creating") return;
    await this.#remove(
      this.#membersOf(id).map((member) => member.id),
      id,
    );
  }

  /** Resolves when nothing is being made. */
  async settled(): Promise<void> {
    await Promise.all([this.#singles.settled(), this.#groups.settled()]);
  }

  async #take(wanted: Wanted): Promise<readonly SnapshotRecord[]> {
    const { state, reservations, layout, cutter } = this.#shop;
    const volumes = wanted.volumeIds.map((id) => this.#volume(id));
    const release = reservations.share(wanted.volumeIds, `${wanted.name} is taken of it`);
    const intended: string[] = [];
    try {
      const snapshots = await this.#intend(wanted, volumes);
      intended.push(...snapshots.map(({ id }) => id));
      this.#shop.onStep?.("cut intended");
      const members = snapshots.map((snapshot) => ({
        image: volumeImage(layout, snapshot.volumeId),
        target: snapshotImage(layout, snapshot.id),
      }));
      const cut = await cutter.cut(wanted.group ?? intended.join(), members, wanted.wish);
      this.#shop.onStep?.("cut taken");
      await cut.copied;
      checkAchieved(cut, wanted.wish);
      this.#shop.onStep?.("cut copied");
      await this.#complete(snapshots, { ...cut, group: wanted.group });
      return snapshots.flatMap(({ id }) => state.snapshots.find("id = ?", id) ?? []);
    } catch (error) {
      await this.#undo(intended, wanted.group);
      throw failureOfSystem(error, `cannot take ${wanted.name}`);
    } finally {
      release();
    }
  }

  /** Writes down what is about to be made, if it fits. */
  async #intend(wanted: Wanted, volumes: readonly VolumeRecord[]): Promise<readonly Omit<SnapshotRecord, "seq">[]> {
    const { state, space, clock, random, files, layout } = this.#shop;
    const used = await Promise.all(volumes.map(({ id }) => files.find(volumeImage(layout, id))));
    const snapshots = volumes.map((volume, i) => ({
      id: `snap-${random.uuid()}`,
      name: wanted.group === undefined ? wanted.name : undefined,
      groupId: wanted.group,
      volumeId: volume.id,
      sizeBytes: volume.sizeBytes,
      storedBytes: Math.min(volume.sizeBytes, used[i]?.allocatedBytes ?? 0), // the most it can come to, until it is known
      takenAt: clock.now(),
      consistency: "none" as const,
      state: "creating" as const,
    }));
    const neededBytes = snapshots.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
    const what = wanted.group === undefined ? `snapshot ${wanted.name}` : `group snapshot ${wanted.name}`;
    const freeBytes = await space.freeBytes();
    state.transaction(() => {
      const isShared = this.#shop.cutter.sharesBlocks;
      const writtenBytes = isShared ? 0 : neededBytes;
      space.require({ what, promisedBytes: neededBytes, writtenBytes, isShared }, freeBytes);
      if (wanted.group !== undefined)
        state.groups.insert({ id: wanted.group, name: wanted.name, takenAt: clock.now(), state: "creating" });
      for (const snapshot of snapshots) state.snapshots.insert(snapshot);
    });
    return snapshots;
  }

  async #complete(snapshots: readonly Omit<SnapshotRecord, "seq">[], cut: Completed): Promise<void> {
    const { state, files, layout } = this.#shop;
    const takenAt = cut.takenAt.toISOString();
    const images = await Promise.all(snapshots.map(({ id }) => files.find(snapshotImage(layout, id))));
    const set = "state = 'ready', taken_at = ?, consistency = ?, stored_bytes = ?, size_bytes = ? WHERE id = ?";
    state.transaction(() => {
      for (const [i, { id }] of snapshots.entries()) {
        const { allocatedBytes = 0, sizeBytes = 0 } = images[i] ?? {};
        state.snapshots.update(set, takenAt, cut.consistency, allocatedBytes, sizeBytes, id);
      }
      if (cut.group !== undefined)
        state.groups.update("state = 'ready', taken_at = ? WHERE id = ?", takenAt, cut.group);
    });
  }

  async #remove(ids: readonly string[], group: string | undefined): Promise<void> {
    const { state, reservations } = this.#shop;
    const release = reservations.exclude(ids, "it is being deleted");
    try {
      state.transaction(() => {
        for (const id of ids) state.snapshots.update("state = 'deleting' WHERE id = ?", id);
        if (group !== undefined) state.groups.update("state = 'deleting' WHERE id = ?", group);
      });
      this.#shop.onStep?.("snapshot deletion intended");
      await this.#discard(ids, group);
    } catch (error) {
      throw failureOfSystem(error, `cannot delete ${group ?? ids.join()}`);
    } finally {
      release();
    }
  }

  /** What an earlier try under the name left because its undoing failed, or a deletion that did. @throws "busy" if under way */
  async #finishLeftover(ids: readonly string[], group: string | undefined): Promise<void> {
    const release = this.#shop.reservations.exclude(ids, "it is being deleted");
    try {
      await this.#discard(ids, group);
    } finally {
      release();
    }
  }

  async #undo(ids: readonly string[], group: string | undefined): Promise<void> {
    try {
      await this.#discard(ids, group);
    } catch (error) {
      this.#shop.log.error(
        { err: error, group, snapshots: ids },
        "an unfinished cut stays until the next try or start",
      );
    }
  }

  async #discard(ids: readonly string[], group: string | undefined): Promise<void> {
    const { state, trash, layout } = this.#shop;
    await trash.remove(ids.map((id) => snapshotImage(layout, id)));
    this.#shop.onStep?.("snapshot images deleted");
    state.transaction(() => {
      for (const id of ids) state.snapshots.remove("id = ?", id);
      if (group !== undefined) state.groups.remove("id = ?", group);
    });
  }

  #volume(id: string): VolumeRecord {
    const volume = this.#shop.state.volumes.find("id = ? AND state = 'ready'", id);
    if (volume === undefined)
      throw new Failure("notFound", `there is no volume ${id} in the pool to take a snapshot of`);
    return volume;
  }

  #membersOf(group: string): readonly SnapshotRecord[] {
    return this.#shop.state.snapshots.list("group_id = ? ORDER BY seq", group);
  }

  #withMembers(group: GroupRecord): Group {
    return { ...group, members: this.#membersOf(group.id) };
  }
}

interface Wanted {
  readonly name: string;
  readonly volumeIds: readonly string[];
  /** The group's id, if it is one. */
  readonly group: string | undefined;
  readonly wish: CutWish;
}

interface Completed {
  readonly takenAt: Date;
  readonly consistency: SnapshotRecord["consistency"];
  readonly group: string | undefined;
}

function compatible(group: Group, volumeIds: readonly string[]): Group {
  const has = group.members.map(({ volumeId }) => volumeId).toSorted();
  if (has.join() !== volumeIds.join())
    throw new Failure("exists", `group snapshot ${group.name} exists, of volumes ${has.join(", ")}; use another name`);
  return group;
}
