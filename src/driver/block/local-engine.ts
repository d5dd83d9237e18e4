import { setMaxListeners } from "node:events";
import type { Clock } from "../../lib/clock.ts";
import { type Limiter, limiter } from "../../lib/limit.ts";
import { listenNbd, type NbdServer } from "../../lib/nbd/server.ts";
import { failureOfSystem } from "../system-failure.ts";
import type { BlockEngine, TakenCut } from "./block-engine.ts";
import type { ImageOpener } from "./image.ts";
import type { CutRequest, ServedExport } from "./protocol.ts";
import { type Member, takeByCopy, takeByReflink } from "./take.ts";
import { Volume } from "./volume.ts";

/** Copying in the background takes this many threads and no more, or writers of the volumes wait for a processor. */
const backgroundThreads = 2;

interface Deps {
  readonly opener: ImageOpener;
  readonly clock: Clock;
}

/** The block engine itself. One lives in each engine process; tests use it without one. */
export class LocalEngine implements BlockEngine {
  readonly #deps: Deps;
  readonly #background: Limiter = limiter(backgroundThreads);
  readonly #oneCut: Limiter = limiter(1);
  readonly #volumes = new Map<string, OpenVolume>();
  readonly #servers = new Map<string, Promise<Serving>>();
  readonly #copies = new Set<Promise<unknown>>();
  readonly #stop = new AbortController();

  constructor(deps: Deps) {
    this.#deps = deps;
    setMaxListeners(0, this.#stop.signal); // every copy that waits for its turn listens
  }

  async serve(served: ServedExport): Promise<void> {
    const known = this.#servers.get(served.socket);
    if (known !== undefined) return void (await known);
    const starting = this.#start(served);
    this.#servers.set(served.socket, starting);
    await starting.catch((error: unknown) => {
      this.#servers.delete(served.socket);
      throw failureOfSystem(error, `cannot serve ${served.image}`);
    });
  }

  async withdraw(socket: string): Promise<void> {
    const serving = this.#servers.get(socket);
    if (serving === undefined) return;
    this.#servers.delete(socket);
    const { server, image } = await serving;
    await server.close();
    await this.#release(image);
  }

  async grow(image: string, sizeBytes: number): Promise<void> {
    const volume = await this.#acquire(image);
    try {
      await volume.image.grow(sizeBytes);
    } catch (error) {
      throw failureOfSystem(error, `cannot grow ${image} to ${sizeBytes} bytes`);
    } finally {
      await this.#release(image);
    }
  }

  async cut({ members, reflink }: CutRequest): Promise<TakenCut> {
    const held: Member[] = [];
    const release = () => Promise.all(held.map(({ volume }) => this.#release(volume.image.path)));
    try {
      for (const { image, target } of members) held.push({ volume: await this.#acquire(image), target });
      const take = reflink ? takeByReflink : takeByCopy;
      const { opener, clock } = this.#deps;
      const taking = { opener, clock, background: this.#background, signal: this.#stop.signal };
      const taken = await this.#oneCut.run(() => take(held, taking), this.#stop.signal);
      const copied = this.#copied(taken.copied, release);
      const settled: Promise<unknown> = copied.catch(() => undefined).then(() => this.#copies.delete(settled)); // the caller is told why
      this.#copies.add(settled);
      return { takenAt: taken.takenAt, copied };
    } catch (error) {
      await release();
      throw failureOfSystem(error, `cannot cut ${members.length} volumes`);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort(new DOMException("the block engine stops", "AbortError"));
    await Promise.all(this.#copies);
    await Promise.all([...this.#servers.keys()].map((socket) => this.withdraw(socket)));
  }

  async #start(served: ServedExport): Promise<Serving> {
    const volume = await this.#acquire(served.image);
    try {
      const device = volume.device(served.readOnly);
      return { server: await listenNbd({ path: served.socket, exportName: served.name, device }), image: served.image };
    } catch (error) {
      await this.#release(served.image);
      throw error;
    }
  }

  async #copied(copied: Promise<void>, release: () => Promise<unknown>): Promise<void> {
    try {
      await copied;
    } catch (error) {
      throw failureOfSystem(error, "cannot copy the volumes as they were at the cut");
    } finally {
      await release();
    }
  }

  async #acquire(path: string): Promise<Volume> {
    const known = this.#volumes.get(path);
    if (known !== undefined) {
      known.users++;
      return known.volume;
    }
    const opening = { users: 1, volume: this.#deps.opener.open(path).then((image) => new Volume(image)) };
    this.#volumes.set(path, opening);
    opening.volume.catch(() => this.#volumes.delete(path));
    return opening.volume;
  }

  async #release(path: string): Promise<void> {
    const known = this.#volumes.get(path);
    if (known === undefined || --known.users > 0) return;
    this.#volumes.delete(path);
    const { image } = await known.volume;
    try {
      await image.sync();
    } finally {
      await image.close();
    }
  }
}

/** One open image for all that serve or cut it, so that they share one gate. */
interface OpenVolume {
  users: number;
  readonly volume: Promise<Volume>;
}

interface Serving {
  readonly server: NbdServer;
  readonly image: string;
}
