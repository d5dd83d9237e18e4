import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { Failure } from "../failure.ts";
import { socketPathLimitBytes } from "../socket-path.ts";
import type { NbdDevice } from "./device.ts";
import { serveHandshake } from "./handshake.ts";
import { converse, type Parser } from "./parser.ts";
import { Transmission } from "./transmission.ts";

/** Enough for every client with a connection a core; a leak in a client must not eat our file descriptors. */
const connectionLimit = 64;

export interface NbdServer {
  /** Ends all connections once their requests under way are done, and removes the socket. */
  close(): Promise<void>;
}

/**
 * Serves one device on a unix socket (mode 0600), to any number of clients up to 64 at once.
 *
 * A socket file left by a dead process is replaced. The default export (the empty name) and `exportName` are the device.
 * @throws Failure "invalid" if the path is over 107 bytes; "internal" if the socket cannot be made
 */
export async function listenNbd(options: {
  readonly path: string;
  readonly exportName: string;
  readonly device: NbdDevice;
}): Promise<NbdServer> {
  const { path, device } = options;
  if (Buffer.byteLength(path) > socketPathLimitBytes)
    throw new Failure("invalid", `cannot listen on ${path}: a socket's path has at most ${socketPathLimitBytes} bytes`);
  await rm(path, { force: true });
  const connections = new Set<Connection>();
  const server = createServer({ noDelay: true }, (socket) => {
    if (connections.size >= connectionLimit) return void socket.destroy();
    const connection = new Connection(socket, options.exportName, device);
    connections.add(connection);
    socket.once("close", () => void connection.idle().then(() => connections.delete(connection)));
  });
  await listen(server, path);
  await chmod(path, 0o600);
  return {
    async close() {
      const closed = once(server, "close");
      server.close();
      await Promise.all([...connections].map((connection) => connection.close()));
      await closed;
    },
  };
}

async function listen(server: Server, path: string): Promise<void> {
  // Created 0600 from the first instant: nobody can connect between bind and chmod.
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  try {
    await once(server, "listening");
  } catch (error) {
    throw new Failure("internal", `cannot listen on ${path}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/** One client: first the handshake, then its requests. Whatever it sends, only its own connection can end. */
class Connection {
  readonly #socket: Socket;
  #transmission: Transmission | undefined;

  constructor(socket: Socket, exportName: string, device: NbdDevice) {
    this.#socket = socket;
    socket.on("error", () => socket.destroy()); // a client that vanished; its requests end by themselves
    let parser: Parser | undefined;
    const transmit = () => {
      const transmission = new Transmission(socket, device, {
        pause: () => parser?.pause(),
        resume: () => parser?.resume(),
      });
      this.#transmission = transmission;
      return transmission.serve();
    };
    parser = converse(socket, conversationOf(socket, exportName, device, transmit), () => void this.#finish());
  }

  /** Resolves when none of its requests is under way. */
  async idle(): Promise<void> {
    await this.#transmission?.idle();
  }

  /** Takes no more requests, ends those under way, and hangs up, whether the client reads the answers or not. */
  async close(): Promise<void> {
    await this.#finish();
    setImmediate(() => this.#socket.destroy());
  }

  async #finish(): Promise<void> {
    this.#socket.pause();
    await this.idle();
    if (!this.#socket.destroyed) this.#socket.destroySoon();
  }
}

function* conversationOf(
  socket: Socket,
  exportName: string,
  device: NbdDevice,
  transmit: () => Generator<number, void, Buffer>,
): Generator<number, void, Buffer> {
  const chosen = yield* serveHandshake(socket, exportName, device);
  if (chosen) yield* transmit();
}
