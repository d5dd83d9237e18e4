import { join } from "node:path";
import { Failure } from "../../lib/failure.ts";
import type { ServedExport } from "../block/protocol.ts";
import { failureOfSystem } from "../system-failure.ts";
import { socketOf, volumeImage } from "./layout.ts";
import { makeLink, removeLink } from "./link.ts";
import type { UseRecord } from "./records.ts";
import type { Workshop } from "./workshop.ts";

/** Name of the link in the target folder of a volume that is to be used with a filesystem. */
const linkName = "volume.nbd";

/**
 * Volumes in use on this machine: served at their socket, which a link at the user's path points to.
 *
 * A use is written down before anything is done for it, so that the next start serves it again.
 */
export class Uses {
  readonly #shop: Workshop;
  readonly #turns = new Map<string, Promise<void>>();

  constructor(shop: Workshop) {
    this.#shop = shop;
  }

  /** Serves the volume. @throws Failure "notFound"; "exists" if the path is taken by another use; "busy" */
  async stage(use: Omit<UseRecord, "kind">): Promise<void> {
    await this.#whileShared(use.volumeId, async () => {
      this.#record({ ...use, kind: "stage" });
      await this.#serve(use);
    });
  }

  /** Puts the staged volume at the target. @throws Failure "precondition" if it is not staged there; as `stage` */
  async publish(use: Omit<UseRecord, "kind">, stagingPath: string): Promise<void> {
    await this.#whileShared(use.volumeId, async () => {
      const staged = this.#shop.state.uses.find("path = ? AND kind = 'stage'", stagingPath);
      if (staged?.volumeId !== use.volumeId)
        throw new Failure("precondition", `volume ${use.volumeId} is not staged at ${stagingPath}; stage it first`);
      this.#checkAlone(use);
      this.#record({ ...use, kind: "publish" });
      await this.#serve(use);
      await this.#link(use);
    });
  }

  /** Ends a use; none is fine. The volume is served until its last use ends. */
  async end(volumeId: string, path: string): Promise<void> {
    const { uses } = this.#shop.state;
    const use = uses.find("path = ? AND volume_id = ?", path, volumeId);
    if (use === undefined) return;
    await this.#whileShared(volumeId, async () => {
      if (use.kind === "publish") await this.#unlink(use);
      const another = "path <> ? AND volume_id = ? AND read_only = ?";
      const isLast = uses.find(another, path, volumeId, use.readOnly ? 1 : 0) === undefined;
      if (isLast) await this.#shop.block.withdraw(socketOf(this.#shop.layout, volumeId, use.readOnly));
      uses.remove("path = ?", path); // last, so that a call that failed on the way can be made again
    });
  }

  find(volumeId: string, path: string): UseRecord | undefined {
    return this.#shop.state.uses.find("path = ? AND volume_id = ?", path, volumeId);
  }

  isPublished(volumeId: string): boolean {
    return this.#shop.state.uses.find("volume_id = ? AND kind = 'publish'", volumeId) !== undefined;
  }

  async #whileShared(volumeId: string, work: () => Promise<void>): Promise<void> {
    const { state, reservations } = this.#shop;
    if (state.volumes.find("id = ? AND state = 'ready'", volumeId) === undefined)
      throw new Failure("notFound", `there is no volume ${volumeId} in the pool`);
    const release = reservations.share([volumeId], "it is being put to use");
    try {
      await this.#inTurn(volumeId, work);
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

  #checkAlone({ volumeId, path, isAlone }: Omit<UseRecord, "kind">): void {
    const other = this.#shop.state.uses.find("volume_id = ? AND kind = 'publish' AND path <> ?", volumeId, path);
    if (other !== undefined && (isAlone || other.isAlone))
      throw new Failure("precondition", `volume ${volumeId} is for a single writer, and published at ${other.path}`);
  }

  #record(use: UseRecord): void {
    const { uses } = this.#shop.state;
    const known = uses.find("path = ?", use.path);
    if (known === undefined) {
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

  #serve(use: Pick<UseRecord, "volumeId" | "readOnly">): Promise<void> {
    return this.#shop.block.serve(exportOf(this.#shop, use));
  }

  async #link({ volumeId, path, access, readOnly }: Omit<UseRecord, "kind">): Promise<void> {
    const socket = socketOf(this.#shop.layout, volumeId, readOnly);
    await makeLink(
      access === "block" ? { link: path, to: socket } : { link: join(path, linkName), to: socket, folder: path },
    );
  }

  async #unlink({ volumeId, path, access, readOnly }: UseRecord): Promise<void> {
    const socket = socketOf(this.#shop.layout, volumeId, readOnly);
    await removeLink(
      access === "block" ? { link: path, to: socket } : { link: join(path, linkName), to: socket, folder: path },
    );
  }
}

/** What is to be served for the uses that are written down. */
export function exportsOf(shop: Pick<Workshop, "layout" | "state">): readonly ServedExport[] {
  const exports = shop.state.uses.list("true").map((use) => exportOf(shop, use));
  return [...new Map(exports.map((served) => [served.socket, served])).values()];
}

function exportOf({ layout }: Pick<Workshop, "layout">, use: Pick<UseRecord, "volumeId" | "readOnly">): ServedExport {
  const { volumeId, readOnly } = use;
  return {
    image: volumeImage(layout, volumeId),
    socket: socketOf(layout, volumeId, readOnly),
    readOnly,
    name: volumeId,
  };
}
