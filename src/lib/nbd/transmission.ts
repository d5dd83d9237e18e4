import type { Socket } from "node:net";
import { type Code, isFailure } from "../failure.ts";
import type { NbdDevice } from "./device.ts";
import {
  command,
  commandFlag,
  decodeRequest,
  encodeReply,
  payloadLimitBytes,
  type Request,
  replyError,
  requestHeaderBytes,
} from "./wire.ts";

/** Requests of one connection under way at once; the kernel's client has 128, fio and qemu fewer. */
const requestsInFlightLimit = 1024;
/** Bytes of one connection held for writes under way and answers not sent: two of the largest requests. */
const bytesInFlightLimit = 2 * payloadLimitBytes;

/** Serves the requests of one connection, many at a time, each answered as soon as it is done. */
export class Transmission {
  readonly #socket: Socket;
  readonly #device: NbdDevice;
  readonly #intake: { pause(): void; resume(): void };
  #requests = 0;
  #bytes = 0;
  #paused = false;
  #corked = false;
  #idle: (() => void)[] = [];

  constructor(socket: Socket, device: NbdDevice, intake: { pause(): void; resume(): void }) {
    this.#socket = socket;
    this.#device = device;
    this.#intake = intake;
    socket.on("drain", () => this.#resumeIfRoom());
  }

  /** Takes requests until the client disconnects or sends what is no request. */
  *serve(): Generator<number, void, Buffer> {
    for (;;) {
      const request = decodeRequest(yield requestHeaderBytes);
      if (request === undefined || request.type === command.disconnect) return;
      if (request.type !== command.write) {
        this.#start(request, Buffer.alloc(0));
        continue;
      }
      if (request.length > payloadLimitBytes) return; // its data would have to be read to find the next request
      this.#start(request, yield request.length);
    }
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    if (this.#requests === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #start(request: Request, data: Buffer): void {
    const heldBytes = request.type === command.read ? Math.min(request.length, payloadLimitBytes) : data.length;
    this.#requests++;
    this.#bytes += heldBytes;
    if (!this.#hasRoom()) {
      this.#paused = true;
      this.#intake.pause();
    }
    perform(this.#device, request, data)
      .then(
        (answer) => this.#reply(request.cookie, replyError.none, answer),
        (error: unknown) => this.#reply(request.cookie, errorNumberOf(error), undefined),
      )
      .finally(() => {
        this.#requests--;
        this.#bytes -= heldBytes;
        this.#resumeIfRoom();
        if (this.#requests === 0) for (const resolve of this.#idle.splice(0)) resolve();
      });
  }

  /** Answers that are ready in one turn of the event loop leave in one system call. */
  #reply(cookie: bigint, error: number, data: Buffer | undefined): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      setImmediate(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(encodeReply(cookie, error));
    if (data !== undefined && data.length > 0) this.#socket.write(data);
  }

  #hasRoom(): boolean {
    return this.#requests < requestsInFlightLimit && this.#bytes + this.#socket.writableLength < bytesInFlightLimit;
  }

  #resumeIfRoom(): void {
    if (!this.#paused || !this.#hasRoom()) return;
    this.#paused = false;
    this.#intake.resume();
  }
}

/** A reason to refuse a request that needs no message: the client sees only the number. */
class Refusal extends Error {
  readonly errorNumber: number;
  constructor(errorNumber: number) {
    super(`error ${errorNumber}`);
    this.errorNumber = errorNumber;
  }
}

async function perform(device: NbdDevice, request: Request, data: Buffer): Promise<Buffer | undefined> {
  const fua = (request.flags & commandFlag.fua) !== 0;
  if (request.type === command.flush) {
    if (request.offset !== 0n || request.length !== 0) throw new Refusal(replyError.EINVAL);
    await device.flush();
    return undefined;
  }
  const offset = checkedOffset(device, request);
  if (request.length === 0) return undefined;
  switch (request.type) {
    case command.read:
      if (request.length > payloadLimitBytes) throw new Refusal(replyError.EOVERFLOW);
      return device.read(offset, request.length);
    case command.write:
      await device.write(offset, data, fua);
      return undefined;
    case command.trim:
      await device.trim(offset, request.length, fua);
      return undefined;
    default:
      await device.writeZeroes(offset, request.length, {
        fua,
        mayPunch: (request.flags & commandFlag.noHole) === 0,
      });
      return undefined;
  }
}

const allowedFlags: Readonly<Record<number, number>> = {
  [command.read]: commandFlag.fua,
  [command.write]: commandFlag.fua,
  [command.trim]: commandFlag.fua,
  [command.writeZeroes]: commandFlag.fua | commandFlag.noHole,
};

function checkedOffset(device: NbdDevice, request: Request): number {
  const allowed = allowedFlags[request.type];
  if (allowed === undefined || (request.flags & ~allowed) !== 0) throw new Refusal(replyError.EINVAL);
  if (request.type !== command.read && device.readOnly) throw new Refusal(replyError.EPERM);
  const isOutside = request.offset + BigInt(request.length) > BigInt(device.sizeBytes());
  if (isOutside) throw new Refusal(request.type === command.read ? replyError.EINVAL : replyError.ENOSPC);
  return Number(request.offset);
}

const numberOfCode: Partial<Record<Code, number>> = {
  invalid: replyError.EINVAL,
  outOfRange: replyError.EINVAL,
  forbidden: replyError.EPERM,
  exhausted: replyError.ENOSPC,
  unimplemented: replyError.ENOTSUP,
  unavailable: replyError.ESHUTDOWN,
};
const numberOfName: Readonly<Record<string, number>> = {
  ENOSPC: replyError.ENOSPC,
  EDQUOT: replyError.ENOSPC,
  EFBIG: replyError.ENOSPC,
  ENOMEM: replyError.ENOMEM,
  EROFS: replyError.EPERM,
};

function errorNumberOf(error: unknown): number {
  if (error instanceof Refusal) return error.errorNumber;
  if (isFailure(error)) return numberOfCode[error.code] ?? replyError.EIO;
  const name = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined; // system errors carry a name
  return (name === undefined ? undefined : numberOfName[name]) ?? replyError.EIO;
}
