import { Failure } from "../../lib/failure.ts";

/** Ends a reservation; calling it again does nothing. */
export type Release = () => void;

/**
 * Who works with what. Many may read a thing at once; who changes or deletes it must be alone. Nobody waits: the second
 * is refused as "busy", which CSI calls ABORTED, and comes again.
 */
export class Reservations {
  readonly #held = new Map<string, Held>();

  /** @throws Failure "busy" if one of them is being changed or deleted */
  share(ids: readonly string[], work: string): Release {
    for (const id of ids) {
      const held = this.#held.get(id);
      if (held?.isAlone) throw busy(id, held.work);
    }
    for (const id of ids) {
      const held = this.#held.get(id);
      if (held) held.count++;
      else this.#held.set(id, { isAlone: false, count: 1, work });
    }
    return this.#releaseOf(ids);
  }

  /** @throws Failure "busy" if one of them is in use in any way */
  exclude(ids: readonly string[], work: string): Release {
    for (const id of ids) {
      const held = this.#held.get(id);
      if (held) throw busy(id, held.work);
    }
    for (const id of ids) this.#held.set(id, { isAlone: true, count: 1, work });
    return this.#releaseOf(ids);
  }

  #releaseOf(ids: readonly string[]): Release {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      for (const id of ids) {
        const held = this.#held.get(id);
        if (held && --held.count === 0) this.#held.delete(id);
      }
    };
  }
}

interface Held {
  readonly isAlone: boolean;
  count: number;
  readonly work: string;
}

const busy = (id: string, work: string) => new Failure("busy", `${id} is busy (${work}); try again when that is done`);
