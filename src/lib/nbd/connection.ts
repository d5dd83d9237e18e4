import { once } from "node:events";
import type { Socket } from "node:net";
import { type Code, Failure } from "../failure.ts";
import { chooseExport, type Export } from "./choose.ts";
import { converse } from "./parser.ts";
import {
  command,
  commandFlag,
  encodeRequest,
  payloadLimitBytes,
  replyError,
  replyHeaderBytes,
  replyMagic,
} from "./wire.ts";

/** A connection to one export. Any number of requests may be under way; each resolves when its own answer came. */
export interface NbdClient {
  readonly sizeBytes: number;
  /** Transmission flags as the server sent them (`exportFlag` in wire.ts). */
  readonly flags: number;
  read(offset: number, length: number): Promise<Buffer>;
  /** Don't change `data` before it resolves. */
  write(offset: number, data: Buffer, options?: { readonly fua?: boolean }): Promise<void>;
  /** Resolves once every write answered before is on stable storage. */
  flush(): Promise<void>;
  trim(offset: number, length: number): Promise<void>;
  writeZeroes(
    offset: number,
    length: number,
    options?: { readonly fua?: boolean; readonly noHole?: boolean },
  ): Promise<void>;
  /** Says goodbye; requests still under way are answered first. */
  close(): Promise<void>;
}

interface Pending {
  readonly what: string;
  /** How many bytes of data follow a good answer. */
  readonly dataBytes: number;
  resolve(data: Buffer): void;
  reject(failure: Failure): void;
}

interface Ask {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
  readonly flags?: number;
  readonly data?: Buffer;
  readonly dataBytes?: number;
}

/** The client's end of one connection: sends requests, matches answers by their cookies, in any order. */
export class Connection {
  readonly #socket: Socket;
  readonly #path: string;
  readonly #pending = new Map<bigint, Pending>();
  #nextCookie = 0n;
  #corked = false;
  #ended: Failure | undefined;
  #closing = false;
  #drained: () => void = () => undefined;
  #refuse: (failure: unknown) => void;

  constructor(socket: Socket, path: string, refuse: (failure: unknown) => void) {
    this.#socket = socket;
    this.#path = path;
    this.#refuse = refuse;
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(undefined));
  }

  start(exportName: string, ready: (client: NbdClient) => void): void {
    const chosen = (found: Export) => {
      this.#refuse = () => undefined;
      ready(this.#clientOf(found));
    };
    converse(this.#socket, this.#talk(exportName, chosen), (error) => this.#socket.destroy(asError(error)));
  }

  *#talk(exportName: string, chosen: (found: Export) => void): Generator<number, void, Buffer> {
    chosen(yield* chooseExport(this.#socket, exportName));
    for (;;) {
      const header = yield replyHeaderBytes;
      const pending = this.#pending.get(header.readBigUInt64BE(8));
      if (header.readUInt32BE(0) !== replyMagic || pending === undefined)
        throw new Failure("internal", `the server at ${this.#path} sent what is no answer to any request`);
      this.#pending.delete(header.readBigUInt64BE(8));
      const error = header.readUInt32BE(4);
      if (error === replyError.none)
        pending.resolve(pending.dataBytes === 0 ? Buffer.alloc(0) : yield pending.dataBytes);
      else pending.reject(failureOfReply(pending.what, error));
      if (this.#pending.size === 0) this.#drained();
    }
  }

  #clientOf(found: Export): NbdClient {
    const flag = (isOn: boolean | undefined, bit: number) => (isOn ? bit : 0);
    return {
      ...found,
      read: (offset, length) => this.#ask({ type: command.read, offset, length, dataBytes: length }),
      write: async (offset, data, options = {}) => {
        const flags = flag(options.fua, commandFlag.fua);
        await this.#ask({ type: command.write, offset, length: data.length, flags, data });
      },
      flush: async () => void (await this.#ask({ type: command.flush, offset: 0, length: 0 })),
      trim: async (offset, length) => void (await this.#ask({ type: command.trim, offset, length })),
      writeZeroes: async (offset, length, options = {}) => {
        const flags = flag(options.fua, commandFlag.fua) | flag(options.noHole, commandFlag.noHole);
        await this.#ask({ type: command.writeZeroes, offset, length, flags });
      },
      close: () => this.#close(),
    };
  }

  #ask(request: Ask): Promise<Buffer> {
    const what = `${nameOf(request.type)} of ${request.length} bytes at ${request.offset} on ${this.#path}`;
    const failure = this.#refusal(request, what);
    if (failure !== undefined) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      const cookie = this.#nextCookie++;
      this.#pending.set(cookie, { what, dataBytes: request.dataBytes ?? 0, resolve, reject });
      this.#cork();
      const { type, length, flags = 0 } = request;
      this.#socket.write(encodeRequest({ type, flags, cookie, offset: BigInt(request.offset), length }));
      if (request.data !== undefined) this.#socket.write(request.data);
    });
  }

  #refusal(request: Ask, what: string): Failure | undefined {
    if (this.#ended) return new Failure(this.#ended.code, `${what}: ${this.#ended.message}`, { cause: this.#ended });
    if (this.#closing) return new Failure("unavailable", `${what}: the connection was closed`);
    const carriesData = request.type === command.read || request.type === command.write;
    const limit = carriesData ? payloadLimitBytes : 0xffffffff;
    const isRange = Number.isSafeInteger(request.offset) && request.offset >= 0 && Number.isInteger(request.length);
    if (isRange && request.length >= 0 && request.length <= limit) return undefined;
    return new Failure("invalid", `${what}: offset from 0, length from 0 to ${limit}, please`);
  }

  /** Requests made in one turn of the event loop leave in one system call. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  async #close(): Promise<void> {
    if (this.#ended || this.#closing) return;
    this.#closing = true;
    const closed = once(this.#socket, "close");
    if (this.#pending.size > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    if (this.#ended) return;
    const goodbye = { type: command.disconnect, flags: 0, cookie: this.#nextCookie, offset: 0n, length: 0 };
    this.#socket.end(encodeRequest(goodbye));
    await closed;
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended =
      error instanceof Failure
        ? error
        : new Failure("unavailable", `the connection to ${this.#path} ended${error ? `: ${error.message}` : ""}`, {
            cause: error,
          });
    this.#refuse(this.#ended);
    for (const pending of this.#pending.values())
      pending.reject(new Failure(this.#ended.code, `${pending.what}: ${this.#ended.message}`, { cause: this.#ended }));
    this.#pending.clear();
    this.#drained();
  }
}

const codeOfError: Readonly<Record<number, Code>> = {
  [replyError.EPERM]: "forbidden",
  [replyError.EINVAL]: "invalid",
  [replyError.EOVERFLOW]: "invalid",
  [replyError.ENOSPC]: "exhausted",
  [replyError.ENOMEM]: "exhausted",
  [replyError.ENOTSUP]: "unimplemented",
  [replyError.ESHUTDOWN]: "unavailable",
};

function failureOfReply(what: string, error: number): Failure {
  const name = Object.entries(replyError).find(([, number]) => number === error)?.[0] ?? `error ${error}`;
  return new Failure(codeOfError[error] ?? "internal", `${what}: the server answered ${name}`);
}

const nameOf = (type: number) =>
  Object.entries(command).find(([, number]) => number === type)?.[0] ?? `command ${type}`;

const asError = (error: unknown) => (error instanceof Error ? error : undefined);
