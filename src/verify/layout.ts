import { Failure } from "../lib/failure.ts";
import { type Header, slotBytes } from "./record.ts";

/**
 * What stands where on the volumes of a run.
 *
 *     volume v:  | header | ring of writer 0 | ring of writer 1 | ...
 *     ring:      | slot 0 | slot 1 | ... | slot S-1 |
 *
 * Record n of a writer goes to volume n mod N, where it is number floor(n / N), and to that number modulo S in the ring.
 * A ring is written over and over, so any run fits, and yet the prefix rule stays decidable: when the last record is k,
 * each slot must hold the youngest record up to k that maps to it. Only the slot of k + 1 may be torn, if k + 1 was begun.
 */
export interface Geometry {
  readonly volumes: number;
  readonly writers: number;
  /** Slots in the ring of a writer on one volume. */
  readonly slots: number;
}

export interface Place {
  readonly volume: number;
  readonly offset: number;
}

/** Where record `number` of `writer` goes. */
export function placeOf(geometry: Geometry, writer: number, number: number): Place {
  const slot = Math.floor(number / geometry.volumes) % geometry.slots;
  return { volume: number % geometry.volumes, offset: ringOffset(geometry, writer) + slot * slotBytes };
}

/** Where the ring of a writer begins, on any volume. */
export const ringOffset = (geometry: Geometry, writer: number) => slotBytes * (1 + writer * geometry.slots);

export const ringBytes = (geometry: Geometry) => geometry.slots * slotBytes;

/** The number of the record that a slot must hold when `last` is the last record written; undefined if none yet. */
export function expectedIn(
  geometry: Geometry,
  slot: { readonly volume: number; readonly index: number; readonly last: number },
): number | undefined {
  const { volumes, slots } = geometry;
  if (slot.last < slot.volume) return undefined;
  const newest = Math.floor((slot.last - slot.volume) / volumes);
  const held = newest - ((((newest - slot.index) % slots) + slots) % slots);
  const number = held * volumes + slot.volume;
  return held < 0 || number === 0 ? undefined : number;
}

/** @throws Failure "invalid" when a volume is too small for its rings */
export function checkFits(
  geometry: Geometry,
  volumes: readonly { readonly name: string; readonly sizeBytes: number }[],
): void {
  const neededBytes = ringOffset(geometry, geometry.writers);
  for (const { name, sizeBytes } of volumes)
    if (sizeBytes < neededBytes)
      throw new Failure(
        "invalid",
        `${name} has ${sizeBytes} bytes, the order test needs ${neededBytes}: take a larger volume, fewer writers or fewer slots`,
      );
}

/** The geometry a header states. */
export const geometryOf = ({ volumes, writers, slots }: Header): Geometry => ({ volumes, writers, slots });
