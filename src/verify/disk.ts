import { checkFits, type Geometry, geometryOf, ringBytes, ringOffset } from "./layout.ts";
import { decodeSlot, type Header, type Slot, slotBytes } from "./record.ts";
import type { VolumeIo } from "./volume.ts";

/** All that a run has left on its volumes. */
export interface RunOnDisk {
  readonly geometry: Geometry;
  /** Slots by volume, writer and index. */
  readonly rings: readonly (readonly (readonly Slot[])[])[];
}

/** The headers do not fit together, so nothing else can be told. */
export interface NoRun {
  readonly violations: readonly string[];
}

/** More than any server has to answer in one message. */
const readLimitBytes = 1 << 20;

/** Reads every slot of the run `runId`. @throws Failure "invalid" when a volume is smaller than its header says */
export async function readRun(volumes: readonly VolumeIo[], runId: string): Promise<RunOnDisk | NoRun> {
  const headers = await Promise.all(volumes.map(async (volume) => decodeSlot(await volume.read(0, slotBytes))));
  const violations = headers.flatMap((header, i) => objectionTo(header, { runId, index: i, volumes }) ?? []);
  const [first] = headers;
  if (violations.length > 0 || first?.kind !== "header") return { violations };
  const geometry = geometryOf(first);
  checkFits(geometry, volumes);
  return { geometry, rings: await Promise.all(volumes.map((volume) => readRings(volume, geometry))) };
}

interface Expected {
  readonly runId: string;
  readonly index: number;
  readonly volumes: readonly VolumeIo[];
}

function objectionTo(slot: Slot, { runId, index, volumes }: Expected): string | undefined {
  const name = `volume ${index} (${volumes[index]?.name})`;
  if (slot.kind !== "header") return `${name} holds no order test`;
  if (slot.runId !== runId) return `${name} holds run ${slot.runId}, not ${runId}`;
  if (slot.volume !== index)
    return `${name} is volume ${slot.volume} of the run: give the volumes in the writers' order`;
  return slot.volumes === volumes.length ? undefined : wrongCount(name, slot, volumes.length);
}

const wrongCount = (name: string, { volumes }: Header, given: number) =>
  `${name} is one of ${volumes} volumes of the run, but ${given} were given`;

async function readRings(volume: VolumeIo, geometry: Geometry): Promise<readonly (readonly Slot[])[]> {
  const rings: Slot[][] = [];
  for (let writer = 0; writer < geometry.writers; writer++)
    rings.push(await readSlots(volume, ringOffset(geometry, writer), ringBytes(geometry)));
  return rings;
}

async function readSlots(volume: VolumeIo, offset: number, lengthBytes: number): Promise<Slot[]> {
  const slots: Slot[] = [];
  for (let at = 0; at < lengthBytes; at += readLimitBytes) {
    const data = await volume.read(offset + at, Math.min(readLimitBytes, lengthBytes - at));
    for (let start = 0; start < data.length; start += slotBytes)
      slots.push(decodeSlot(data.subarray(start, start + slotBytes)));
  }
  return slots;
}
