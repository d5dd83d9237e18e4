import type { Change } from "../store/collection.ts";
import type { Key, Stored } from "../store/stored.ts";

/** Where an object is, across all collections. */
export interface Place {
  readonly collection: string;
  readonly key: Key;
}

/** Who is there, by uid, and who names whom as an owner. Follows committed changes. */
export class OwnerGraph {
  readonly #places = new Map<string, Place>();
  readonly #dependents = new Map<string, Map<string, Place>>();

  follow({ type, collection, stored, previous }: Change): void {
    if (previous) this.#unlink(previous);
    if (type === "DELETED") this.#places.delete(stored.metadata.uid);
    else this.add(collection, stored);
  }

  add(collection: string, stored: Stored): void {
    const { uid, ownerReferences = [] } = stored.metadata;
    const place: Place = { collection, key: stored.key };
    this.#places.set(uid, place);
    for (const owner of ownerReferences) {
      const dependents = this.#dependents.get(owner.uid) ?? new Map<string, Place>();
      this.#dependents.set(owner.uid, dependents.set(uid, place));
    }
  }

  /** Where the object with this uid is, if it exists. */
  place(uid: string): Place | undefined {
    return this.#places.get(uid);
  }

  dependentsOf(uid: string): readonly Place[] {
    return [...(this.#dependents.get(uid)?.values() ?? [])];
  }

  #unlink(previous: Stored): void {
    const { uid, ownerReferences = [] } = previous.metadata;
    for (const owner of ownerReferences) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }
}
