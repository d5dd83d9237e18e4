import { lstat, unlink } from "node:fs/promises";
import { createConnection } from "node:net";
import { Failure } from "../lib/failure.ts";

/**
 * Removes the socket that a process which died left behind.
 *
 * @throws Failure "exists" if a process listens on it, or if it is no socket
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Failure("unavailable", `cannot look at ${path}: ${error.message}`, { cause: error });
  });
  if (!found) return;
  if (!found.isSocket()) throw new Failure("exists", `cannot listen on ${path}: it is there and no socket; remove it`);
  if (await isAnswered(path))
    throw new Failure("exists", `cannot listen on ${path}: another process does; stop it, or use another path`);
  await unlink(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") return resolve(false);
      reject(new Failure("unavailable", `cannot tell who listens on ${path}: ${error.message}`, { cause: error }));
    });
  });
}
