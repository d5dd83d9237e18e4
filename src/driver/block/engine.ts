import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { systemClock } from "../../lib/clock.ts";
import { Failure, failureOf } from "../../lib/failure.ts";
import type { BlockEngine } from "./block-engine.ts";
import { type ImageOpener, imageOpener } from "./image.ts";
import { loadKernel } from "./kernel.ts";
import { LocalEngine } from "./local-engine.ts";
import { type AskMessage, type EngineMessage, protocolVersion } from "./protocol.ts";

/**
 * The block engine's process: serves the driver that started it, and ends with it, however that ends.
 *
 * It has its own event loop and threads, so that nothing the driver does stalls a volume.
 * @throws Failure "precondition" if it was not started by the driver
 */
export async function runBlockEngine(options: { readonly opener?: ImageOpener } = {}): Promise<void> {
  if (process.send === undefined)
    throw new Failure("precondition", "the block engine is started by the driver and by nobody else; run `driver`");
  // A terminal's Ctrl-C reaches us too, but the driver decides when volumes end: it stops us or leaves.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => undefined);
  process.on("disconnect", () => process.exit(0));
  const opener = options.opener ?? imageOpener(await loadKernel());
  const engine = new LocalEngine({ opener, clock: systemClock });
  process.on("message", (message) => {
    answer(engine, message as AskMessage).catch((error: unknown) => {
      throw error; // nothing in it may fail but by our own fault; the driver starts another engine
    });
  });
  await once(process, "disconnect");
}

async function answer(engine: BlockEngine, ask: AskMessage): Promise<void> {
  try {
    const takenAtMs = await perform(engine, ask);
    tell({ kind: "answer", call: ask.call, ...(takenAtMs === undefined ? {} : { takenAtMs }) });
  } catch (error) {
    const { code, message } = failureOf(error);
    tell({ kind: "refusal", call: ask.call, failure: { code, message } });
  }
}

async function perform(engine: BlockEngine, ask: AskMessage): Promise<number | undefined> {
  switch (ask.do) {
    case "hello":
      return hello(ask.version, ask.lock);
    case "serve":
      await engine.serve(ask.served);
      return undefined;
    case "withdraw":
      await engine.withdraw(ask.socket);
      return undefined;
    case "grow":
      await engine.grow(ask.image, ask.sizeBytes);
      return undefined;
    case "cut": {
      const { takenAt, copied } = await engine.cut(ask.request);
      const told = { kind: "copied", cut: ask.request.id } as const;
      copied.then(
        () => tell(told),
        (error: unknown) => {
          const { code, message } = failureOf(error);
          tell({ ...told, failure: { code, message } });
        },
      );
      return takenAt.getTime();
    }
    case "stop":
      await engine.close();
      return undefined;
    default:
      return ask satisfies never;
  }
}

async function hello(version: number, lock: string): Promise<undefined> {
  if (version !== protocolVersion)
    throw new Failure("precondition", `this block engine speaks version ${protocolVersion}, the driver ${version}`);
  await holdLock(lock);
}

/** Whoever can connect there knows that this process lives, and learns of its end: the kernel hangs up for us. */
async function holdLock(path: string): Promise<void> {
  await rm(path, { force: true });
  const server = createServer((socket) => void socket.on("error", () => socket.destroy()).resume());
  server.listen(path);
  await once(server, "listening");
  await chmod(path, 0o600);
}

function tell(message: EngineMessage): void {
  if (process.connected) process.send?.(message);
}
