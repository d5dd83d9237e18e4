import { constants, fdatasync, read, write } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Kernel } from "./kernel.ts";
import { SharedSync } from "./shared-sync.ts";

/** A sparse file with the bytes of a volume or snapshot. Offsets and lengths in bytes, inside the file. */
export interface Image {
  readonly path: string;
  readonly sizeBytes: number;
  /** Fills `into` from `offset`. */
  read(into: Buffer, offset: number): Promise<void>;
  write(data: Buffer, offset: number): Promise<void>;
  /** Makes a range read as zeroes, by a hole where that can be. */
  zero(offset: number, length: number, mayPunch: boolean): Promise<void>;
  /** Gives a range's blocks back where that can be, else does nothing. */
  trim(offset: number, length: number): Promise<void>;
  /** Resolves once all that was written before the call is on stable storage. Calls at once share one sync. */
  sync(): Promise<void>;
  /** Only ever grows. */
  grow(sizeBytes: number): Promise<void>;
  /** The ranges that may hold data, in order; what lies between reads as zeroes. */
  dataRanges(): Iterable<Range>;
  close(): Promise<void>;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Opens images and makes new ones; the seam where tests put faults in. */
export interface ImageOpener {
  open(path: string): Promise<Image>;
  /** @throws a system error EEXIST if the file is there */
  create(path: string, sizeBytes: number): Promise<Image>;
}

export function imageOpener(kernel: Kernel | undefined): ImageOpener {
  return {
    async open(path) {
      const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
      try {
        return new FileImage(path, file, (await file.stat()).size, kernel);
      } catch (error) {
        await file.close();
        throw error;
      }
    },
    async create(path, sizeBytes) {
      const file = await open(path, "wx+", 0o600);
      try {
        await file.truncate(sizeBytes);
        return new FileImage(path, file, sizeBytes, kernel);
      } catch (error) {
        await file.close();
        throw error;
      }
    },
  };
}

/** One write of zeroes: large enough to be quick, small enough not to be felt by others. */
const zeroes = Buffer.alloc(1 << 20);

class FileImage implements Image {
  readonly path: string;
  sizeBytes: number;
  readonly #file: FileHandle;
  readonly #kernel: Kernel | undefined;
  readonly #syncs: SharedSync;

  constructor(path: string, file: FileHandle, sizeBytes: number, kernel: Kernel | undefined) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.#file = file;
    this.#kernel = kernel;
    this.#syncs = new SharedSync((done) => fdatasync(file.fd, done));
  }

  // Plain callbacks: on the path of every request, the promises of FileHandle cost a fifth of the throughput.
  read(into: Buffer, offset: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (done: number) =>
        read(this.#file.fd, into, done, into.length - done, offset + done, (error, count) => {
          if (error) return reject(error);
          if (done + count === into.length) return resolve();
          if (count === 0) return reject(new Error(`${this.path} ends before byte ${offset + into.length}`));
          step(done + count);
        });
      step(0);
    });
  }

  write(data: Buffer, offset: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (done: number) =>
        write(this.#file.fd, data, done, data.length - done, offset + done, (error, count) => {
          if (error) return reject(error);
          if (done + count === data.length) return resolve();
          step(done + count);
        });
      step(0);
    });
  }

  async zero(offset: number, length: number, mayPunch: boolean): Promise<void> {
    if (mayPunch && (await this.#kernel?.punch(this.#file, offset, length))) return;
    for (let done = 0; done < length; done += zeroes.length)
      await this.write(zeroes.subarray(0, Math.min(zeroes.length, length - done)), offset + done);
  }

  async trim(offset: number, length: number): Promise<void> {
    await this.#kernel?.punch(this.#file, offset, length);
  }

  sync(): Promise<void> {
    return this.#syncs.sync();
  }

  async grow(sizeBytes: number): Promise<void> {
    if (sizeBytes <= this.sizeBytes) return;
    await this.#file.truncate(sizeBytes);
    await this.#file.sync(); // the new size is metadata that fdatasync may leave out
    this.sizeBytes = sizeBytes;
  }

  *dataRanges(): Generator<Range> {
    const kernel = this.#kernel;
    if (kernel === undefined) return yield { start: 0, end: this.sizeBytes };
    for (let end = 0; end < this.sizeBytes; ) {
      const start = kernel.nextData(this.#file, end);
      if (start === undefined || start >= this.sizeBytes) return;
      end = Math.min(this.sizeBytes, kernel.nextHole(this.#file, start));
      yield { start, end };
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
