import { type Geometry, placeOf, ringOffset } from "./layout.ts";
import { encodeHeader, encodeRecord, slotBytes } from "./record.ts";
import type { VolumeIo } from "./volume.ts";

export const runId = "0b7a4f0e-5a4c-4f1e-9a53-0d6d1f1c2a3b";
export const otherRunId = "11111111-2222-4333-8444-555555555555";

/** A volume in memory: what the judge reads is only what was put there. */
export interface MemoryVolume extends VolumeIo {
  readonly data: Buffer;
}

export function memoryVolume(name: string, data: Buffer): MemoryVolume {
  return {
    name,
    data,
    sizeBytes: data.length,
    read: async (offset, length) => Buffer.from(data.subarray(offset, offset + length)),
    write: async (offset, bytes) => void bytes.copy(data, offset),
    flush: () => new Promise((resolve) => setImmediate(resolve)), // as with any real volume, others get their turn
    close: async () => undefined,
  };
}

export interface RunInMemory {
  readonly geometry: Geometry;
  readonly volumes: readonly MemoryVolume[];
  /** Writes records `from` to `to` of a writer; all volumes, or only the ones named. */
  records(
    from: number,
    to: number,
    only?: { readonly writer?: number; readonly volumes?: readonly number[] },
  ): RunInMemory;
  /** Changes the slot of record `number` of writer 0. */
  spoil(number: number, change: (slot: Buffer) => void): RunInMemory;
}

/** The volumes of a run, with their headers and no record yet. */
export function aRun(shape: Partial<Geometry> & { readonly runId?: string } = {}): RunInMemory {
  const geometry = { volumes: 2, writers: 1, slots: 4, ...shape };
  const id = shape.runId ?? runId;
  const sizeBytes = ringOffset(geometry, geometry.writers);
  const volumes = Array.from({ length: geometry.volumes }, (_, i) =>
    memoryVolume(`memory ${i}`, Buffer.alloc(sizeBytes)),
  );
  for (const [volume, { data }] of volumes.entries()) encodeHeader({ runId: id, volume, ...geometry }).copy(data);
  const slotOf = (writer: number, number: number) => {
    const { volume, offset } = placeOf(geometry, writer, number);
    return { volume, data: volumes[volume]?.data.subarray(offset, offset + slotBytes) ?? Buffer.alloc(slotBytes) };
  };
  const run: RunInMemory = {
    geometry,
    volumes,
    records(from, to, { writer = 0, volumes: only } = {}) {
      for (let number = from; number <= to; number++) {
        const { volume, data } = slotOf(writer, number);
        if (!only || only.includes(volume)) encodeRecord({ runId: id, writer, number }).copy(data);
      }
      return run;
    },
    spoil(number, change) {
      change(slotOf(0, number).data);
      return run;
    },
  };
  return run;
}
