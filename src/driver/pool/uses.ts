import { Failure } from "../../lib/failure.ts";
import type { NewUse } from "../access/access.ts";
import { failureOfSystem } from "../system-failure.ts";
import { checkOutsidePool } from "./outside-pool.ts";
import type { UseRecord, VolumeRecord } from "./records.ts";
import type { Workshop } from "./workshop.ts";

/**
 * Volumes in use on this machine, and by whom.
 *
 * A use is written down before anything is done for it, so that the next start knows of it.
 */
export class Uses {
  readonly #shop: Workshop;
  readonly #turns = new Map<string, Promise<void>>();

  constructor(shop: Workshop) {
    this.#shop = shop;
  }

  /** Makes the volume reachable. @throws Failure "notFound"; "invalid" for a path in the pool; "exists" if it is taken by another use; "busy" */
  async stage(use: NewUse): Promise<void> {
    await checkOutsidePool(this.#shop.layout, use.path);
    await this.#whileShared(use.volumeId, async (volume) => {
      this.#record({ ...use, kind: "stage", reached: this.#shop.access.name });
      await this.#shop.access.stage(volume, use);
    });
  }

  /** Puts the staged volume at the target. @throws Failure "precondition" if it is not staged there; as `stage` */
  async publish(use: NewUse, stagingPath: string): Promise<void> {
    await checkOutsidePool(this.#shop.layout, use.path);
    await this.#whileShared(use.volumeId, async (volume) => {
      const staged = this.#shop.state.uses.find("path = ? AND kind = 'stage'", stagingPath);
      if (staged?.volumeId !== use.volumeId)
        throw new Failure("precondition", `volume ${use.volumeId} is not staged at ${stagingPath}; stage it first`);
      this.#checkAlone(use);
      this.#record({ ...use, kind: "publish", reached: this.#shop.access.name });
      await this.#shop.access.publish(volume, use, stagingPath);
    });
  }

  /** Ends a use; none is fine. The volume is reachable until its last use ends. */
  async end(volumeId: string, path: string): Promise<void> {
    const { uses } = this.#shop.state;
    const use = uses.find("path = ? AND volume_id = ?", path, volumeId);
    if (use === undefined) return;
    await this.#whileShared(volumeId, async () => {
      await this.#shop.access.end(use, uses.list("path <> ? AND volume_id = ?", path, volumeId));
      uses.remove("path = ?", path); // last, so that a call that failed on the way can be made again
    });
  }

  /** Lets the filesystem that is used at the path grow with its volume. */
  async grow(use: UseRecord): Promise<void> {
    await this.#whileShared(use.volumeId, (volume) => this.#shop.access.growFilesystem(volume, use));
  }

  find(volumeId: string, path: string): UseRecord | undefined {
    return this.#shop.state.uses.find("path = ? AND volume_id = ?", path, volumeId);
  }

  isPublished(volumeId: string): boolean {
    return this.#shop.state.uses.find("volume_id = ? AND kind = 'publish'", volumeId) !== undefined;
  }

  async #whileShared(volumeId: string, work: (volume: VolumeRecord) => Promise<void>): Promise<void> {
    const { state, reservations } = this.#shop;
    const volume = state.volumes.find("id = ? AND state = 'ready'", volumeId);
    if (volume === undefined) throw new Failure("notFound", `there is no volume ${volumeId} in the pool`);
    const release = reservations.share([volumeId], "it is being put to use");
    try {
      await this.#inTurn(volumeId, () => work(volume));
    } catch (error) {
      throw failureOfSystem(error, `cannot put volume ${volumeId} to use`);
    } finally {
      release();
    }
  }

  /** One at a time for each volume: what ends its last use must not meet what begins the next. */
  async #inTurn(volumeId: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(volumeId) ?? Promise.resolve()).then(work);
    const done = turn.catch(() => undefined); // told to its own caller; the next one goes on
    this.#turns.set(volumeId, done);
    try {
      await turn;
    } finally {
      if (this.#turns.get(volumeId) === done) this.#turns.delete(volumeId);
    }
  }

  #checkAlone({ volumeId, path, isAlone }: NewUse): void {
    const other = this.#shop.state.uses.find("volume_id = ? AND kind = 'publish' AND path <> ?", volumeId, path);
    if (other !== undefined && (isAlone || other.isAlone))
      throw new Failure("precondition", `volume ${volumeId} is for a single writer, and published at ${other.path}`);
  }

  #record(use: UseRecord): void {
    const { uses } = this.#shop.state;
    const known = uses.find("path = ?", use.path);
    if (known === undefined) {
      if (this.#shop.state.served() !== use.reached) this.#shop.state.serve(use.reached);
      uses.insert(use);
      return;
    }
    const isSame =
      known.volumeId === use.volumeId &&
      known.kind === use.kind &&
      known.access === use.access &&
      known.readOnly === use.readOnly &&
      known.isAlone === use.isAlone;
    if (!isSame) throw new Failure("exists", `${use.path} already is in use, by ${known.volumeId} in another way`);
  }
}
