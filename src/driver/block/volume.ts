import type { NbdDevice } from "../../lib/nbd/device.ts";
import type { Image } from "./image.ts";
import type { MemberCut } from "./member-cut.ts";

/** A cut waits for the slices under way, so they are short; nearly every request is one slice. */
const sliceBytes = 1 << 20;

/**
 * A volume that is being served or cut. All changes of its image go through here, and through its gate.
 *
 * Between `closeGate` and `openGate` no write is under way, once `closeGate` has resolved: what was answered before is in
 * the image, what comes later waits.
 */
export class Volume {
  readonly image: Image;
  readonly #cuts = new Set<MemberCut>();
  #changing = 0;
  #gate: Gate | undefined;
  #still: (() => void) | undefined;

  constructor(image: Image) {
    this.image = image;
  }

  get sizeBytes(): number {
    return this.image.sizeBytes;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    await this.image.read(bytes, offset);
    return bytes;
  }

  async write(offset: number, data: Buffer, fua: boolean): Promise<void> {
    await this.#change(offset, data.length, (at, size) =>
      this.image.write(size === data.length ? data : data.subarray(at - offset, at - offset + size), at),
    );
    if (fua) await this.image.sync();
  }

  async trim(offset: number, length: number, fua: boolean): Promise<void> {
    await this.#change(offset, length, (at, size) => this.image.trim(at, size));
    if (fua) await this.image.sync();
  }

  async writeZeroes(
    offset: number,
    length: number,
    options: { readonly fua: boolean; readonly mayPunch: boolean },
  ): Promise<void> {
    await this.#change(offset, length, (at, size) => this.image.zero(at, size, options.mayPunch));
    if (options.fua) await this.image.sync();
  }

  flush(): Promise<void> {
    return this.image.sync();
  }

  /** Lets no further change begin, and resolves when none is under way. The caller opens it again, whatever happens. */
  closeGate(): Promise<void> {
    this.#gate = newGate();
    if (this.#changing === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#still = resolve;
    });
  }

  openGate(): void {
    this.#gate?.open();
    this.#gate = undefined;
    this.#still = undefined;
  }

  /** From here on, changes wait for the cut's copy of what they overwrite. Synchronous: all members in one step. */
  addCut(cut: MemberCut): void {
    this.#cuts.add(cut);
  }

  removeCut(cut: MemberCut): void {
    this.#cuts.delete(cut);
  }

  /** It as NBD serves it. */
  device(readOnly: boolean): NbdDevice {
    return {
      readOnly,
      sizeBytes: () => this.sizeBytes,
      read: (offset, length) => this.read(offset, length),
      write: (offset, data, fua) => this.write(offset, data, fua),
      flush: () => this.flush(),
      trim: (offset, length, fua) => this.trim(offset, length, fua),
      writeZeroes: (offset, length, options) => this.writeZeroes(offset, length, options),
    };
  }

  /** Changes a range slice by slice, each through the gate: NBD promises no atomicity to what is not answered yet. */
  async #change(offset: number, length: number, work: (at: number, size: number) => Promise<void>): Promise<void> {
    const end = offset + length;
    for (let at = offset; at < end; at += sliceBytes) await this.#changeSlice(at, Math.min(sliceBytes, end - at), work);
  }

  async #changeSlice(at: number, size: number, work: (at: number, size: number) => Promise<void>): Promise<void> {
    while (this.#gate !== undefined) await this.#gate.opened;
    this.#changing++;
    try {
      for (const cut of this.#cuts) {
        const copied = cut.before(at, size);
        if (copied !== undefined) await copied;
      }
      await work(at, size);
    } finally {
      this.#changing--;
      if (this.#changing === 0) this.#still?.();
    }
  }
}

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function newGate(): Gate {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
