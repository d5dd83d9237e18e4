import { once } from "node:events";
import { realpath } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { Failure } from "../failure.ts";
import { socketPathLimitBytes } from "../socket-path.ts";
import { Connection, type NbdClient } from "./connection.ts";

export type { NbdClient } from "./connection.ts";

/**
 * Connects to an NBD server on a unix socket. A path over 107 bytes works if it is a link to a shorter one.
 *
 * @param signal ends the connection at any time: what is under way rejects with "cancelled"
 * @throws Failure "unavailable" if nobody listens there or the connection ends; "notFound" if there is no such export;
 *   "unimplemented" if the server is too old. Requests: "invalid", "forbidden", "exhausted" (no space), "internal" (I/O)
 */
export async function connectNbd(options: {
  readonly path: string;
  readonly signal: AbortSignal;
  readonly exportName?: string;
}): Promise<NbdClient> {
  const { path } = options;
  const signal = AbortSignal.any([options.signal]); // our own: one signal may serve any number of connections
  const socket = await dial(path, signal);
  const cancel = () => socket.destroy(new Failure("cancelled", `the connection to ${path} was given up`));
  signal.addEventListener("abort", cancel, { once: true });
  socket.once("close", () => signal.removeEventListener("abort", cancel));
  return new Promise((resolve, reject) => {
    const connection = new Connection(socket, path, reject);
    connection.start(options.exportName ?? "", resolve);
  });
}

async function dial(path: string, signal: AbortSignal): Promise<Socket> {
  if (signal.aborted) throw new Failure("cancelled", `connecting to ${path} was given up`);
  const socket = connect({ path: await shortPath(path), noDelay: true });
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw new Failure("cancelled", `connecting to ${path} was given up`, { cause: error });
    throw new Failure("unavailable", `cannot connect to ${path}: ${messageOf(error)}`, { cause: error });
  }
}

async function shortPath(path: string): Promise<string> {
  if (Buffer.byteLength(path) <= socketPathLimitBytes) return path;
  const target = await realpath(path).catch((error: unknown) => {
    throw new Failure("unavailable", `cannot connect to ${path}: ${messageOf(error)}`, { cause: error });
  });
  if (Buffer.byteLength(target) > socketPathLimitBytes)
    throw new Failure(
      "invalid",
      `cannot connect to ${path}: a socket's path has at most ${socketPathLimitBytes} bytes`,
    );
  return target;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
