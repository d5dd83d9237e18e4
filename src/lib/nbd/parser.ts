import type { Socket } from "node:net";

/**
 * A protocol as a conversation: it yields how many bytes it needs next and is resumed with exactly these.
 *
 * It runs synchronously whenever bytes arrive, so that many requests in one packet cost no turn of the event loop each.
 */
export type Conversation = Generator<number, void, Buffer>;

export interface Parser {
  /** Stops taking requests; what has arrived stays in memory, what comes later in the kernel. */
  pause(): void;
  resume(): void;
}

/**
 * Feeds what arrives on `socket` to `conversation`, until it returns or the socket closes.
 *
 * @param onEnd called once the conversation returned or threw; the socket is left to the caller
 */
export function converse(socket: Socket, conversation: Conversation, onEnd: (error: unknown) => void): Parser {
  const queue = new ByteQueue();
  let needed = 0;
  let paused = false;
  let running = false;
  let ended = false;

  const end = (error: unknown) => {
    ended = true;
    queue.clear();
    onEnd(error);
  };
  const step = (bytes?: Buffer) => {
    const next = bytes === undefined ? conversation.next() : conversation.next(bytes);
    if (next.done) return end(undefined);
    needed = next.value;
  };
  const run = () => {
    if (running) return; // resumed from within the conversation: the loop below goes on by itself
    running = true;
    try {
      while (!ended && !paused && queue.sizeBytes >= needed) step(queue.take(needed));
    } catch (error) {
      end(error);
    } finally {
      running = false;
    }
  };

  socket.on("data", (chunk: Buffer) => {
    if (ended) return;
    queue.push(chunk);
    run();
  });
  step();
  run();
  return {
    pause() {
      paused = true;
      socket.pause();
    },
    resume() {
      paused = false;
      socket.resume();
      run();
    },
  };
}

/** Bytes that arrived and were not taken yet; taking what lies in one chunk copies nothing. */
class ByteQueue {
  #chunks: Buffer[] = [];
  sizeBytes = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.sizeBytes += chunk.length;
  }

  clear(): void {
    this.#chunks = [];
    this.sizeBytes = 0;
  }

  /** Exactly `length` bytes; the caller has checked that they are there. */
  take(length: number): Buffer {
    this.sizeBytes -= length;
    const first = this.#chunks[0];
    if (first === undefined || length === 0) return Buffer.alloc(0);
    if (first.length > length) {
      this.#chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    if (first.length === length) {
      this.#chunks.shift();
      return first;
    }
    return this.#gather(length);
  }

  #gather(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    let used = 0;
    for (const chunk of this.#chunks) {
      const copied = chunk.copy(bytes, filled);
      filled += copied;
      if (copied < chunk.length) {
        this.#chunks[used] = chunk.subarray(copied);
        break;
      }
      used++;
      if (filled === length) break;
    }
    this.#chunks.splice(0, used);
    return bytes;
  }
}
