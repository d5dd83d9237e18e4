import type { Limiter } from "../../lib/limit.ts";
import type { Image } from "./image.ts";

/** The unit of copying: large enough for few bits of state, small enough that a write waits for little. */
export const chunkBytes = 64 << 10;
/** What the background reads at once; a write to any of these chunks waits for that read. */
const batchChunks = 4;
/** Old bytes read ahead of a first write and not yet stored; beyond it, writes wait for the target's disk. */
const unstoredLimitBytes = 16 << 20;

const chunkState = { todo: 0, reading: 1, done: 2 } as const;

/**
 * One volume's part in a cut: its bytes at one instant, brought to the target while the volume goes on changing.
 *
 * From the moment it exists every change of the source must first await `before`. Trouble of the target ends the cut,
 * never a write to the volume.
 */
export class MemberCut {
  readonly #source: Image;
  readonly #target: Image;
  readonly #background: Limiter;
  readonly #sizeBytes: number;
  readonly #state: Uint8Array;
  readonly #reading = new Map<number, Promise<void>>();
  readonly #stores = new Set<Promise<void>>();
  #unstoredBytes = 0;
  #failure: unknown;

  constructor(source: Image, target: Image, background: Limiter) {
    this.#source = source;
    this.#target = target;
    this.#background = background;
    this.#sizeBytes = target.sizeBytes;
    this.#state = new Uint8Array(Math.ceil(this.#sizeBytes / chunkBytes));
  }

  /** What a change of this range of the source has to await first; undefined if nothing. */
  before(offset: number, length: number): Promise<unknown> | undefined {
    if (this.#failure !== undefined) return undefined;
    const last = Math.min(this.#state.length, Math.ceil((offset + length) / chunkBytes));
    const waits: Promise<void>[] = [];
    for (let chunk = Math.floor(offset / chunkBytes); chunk < last; ) {
      const reading = this.#reading.get(chunk);
      if (reading !== undefined) waits.push(reading);
      const count = this.#todoFrom(chunk, last);
      if (count > 0) waits.push(this.#copy(chunk, count));
      chunk += Math.max(1, count);
    }
    return waits.length === 0 ? undefined : Promise.all(waits);
  }

  /** Copies all that is not copied yet and syncs the target. @throws what went wrong, at the source or the target */
  async copyAll(signal: AbortSignal): Promise<void> {
    try {
      for (const { start, end } of this.#source.dataRanges()) {
        await this.#copyRange(Math.floor(start / chunkBytes), Math.ceil(end / chunkBytes), signal);
        if (this.#failure !== undefined) break;
      }
      await this.#settled();
      if (this.#failure === undefined) await this.#background.run(() => this.#target.sync(), signal);
    } catch (error) {
      this.fail(error);
    }
    await this.#settled();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #copyRange(first: number, end: number, signal: AbortSignal): Promise<void> {
    const last = Math.min(this.#state.length, end);
    for (let chunk = first; chunk < last && this.#failure === undefined; ) {
      const count = this.#todoFrom(chunk, Math.min(last, chunk + batchChunks));
      const at = chunk;
      if (count > 0) await this.#background.run(() => this.#copyInBackground(at, count), signal);
      chunk += Math.max(1, count);
    }
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#reading.values());
    await Promise.all(this.#stores);
  }

  /** Ends the cut: writes to the volume no longer wait for it. */
  fail(reason: unknown): void {
    this.#failure ??= reason;
  }

  #todoFrom(chunk: number, last: number): number {
    let end = chunk;
    while (end < last && this.#state[end] === chunkState.todo) end++;
    return end - chunk;
  }

  async #copyInBackground(chunk: number, count: number): Promise<void> {
    // A first write may have come while this waited for its turn.
    for (let at = chunk; at < chunk + count; ) {
      const todo = this.#todoFrom(at, chunk + count);
      if (todo > 0) await this.#copy(at, todo);
      at += Math.max(1, todo);
    }
    await Promise.all(this.#stores);
  }

  /** Resolves when the old bytes are in memory, so that the source may change; storing them goes on. Never rejects. */
  #copy(chunk: number, count: number): Promise<void> {
    const copied = this.#read(chunk, count)
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.#state.fill(chunkState.done, chunk, chunk + count);
        for (let at = chunk; at < chunk + count; at++) this.#reading.delete(at);
      });
    this.#state.fill(chunkState.reading, chunk, chunk + count);
    for (let at = chunk; at < chunk + count; at++) this.#reading.set(at, copied);
    return copied;
  }

  async #read(chunk: number, count: number): Promise<void> {
    const start = chunk * chunkBytes;
    const bytes = Buffer.allocUnsafe(Math.min(this.#sizeBytes, start + count * chunkBytes) - start);
    while (this.#unstoredBytes > unstoredLimitBytes && this.#stores.size > 0) await Promise.race(this.#stores);
    await this.#source.read(bytes, start);
    for (const part of nonZeroParts(bytes)) this.#store(bytes.subarray(part.start, part.end), start + part.start);
  }

  #store(bytes: Buffer, offset: number): void {
    this.#unstoredBytes += bytes.length;
    const stored: Promise<void> = this.#target
      .write(bytes, offset)
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.#unstoredBytes -= bytes.length;
        this.#stores.delete(stored);
      });
    this.#stores.add(stored);
  }
}

const zeroChunk = Buffer.alloc(chunkBytes);

/** The runs of chunks that are not all zero: only these are stored, so that a sparse source stays sparse. */
function* nonZeroParts(bytes: Buffer): Generator<{ readonly start: number; readonly end: number }> {
  let start: number | undefined;
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const end = Math.min(bytes.length, at + chunkBytes);
    const isZero = bytes.compare(zeroChunk, 0, end - at, at, end) === 0;
    if (!isZero) start ??= at;
    else if (start !== undefined) {
      yield { start, end: at };
      start = undefined;
    }
  }
  if (start !== undefined) yield { start, end: bytes.length };
}
