import { connect } from "node:net";
import { abortOf } from "../../lib/abort.ts";
import { type Clock, withTimeout } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";

/** An engine whose driver died ends at once; one that is still there after this long has a living driver. */
const endLimitMs = 5_000;

/**
 * Waits until no block engine works on the pool any more: an engine can outlive its driver by a moment, and what it
 * writes then must not meet recovery.
 *
 * @throws Failure "busy" if it stays
 */
export async function engineGone(lock: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const socket = connect(lock);
  socket.on("error", () => undefined); // reset or refused: the close that follows says all we want to know
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.resume();
  const limit = { timeoutMs: endLimitMs, what: "the end of another driver's block engine", signal };
  try {
    // Nobody listens, and it closes at once; or an engine does, and it closes with that engine.
    await withTimeout(clock, limit, (late) => Promise.race([closed, abortOf(late)]));
  } catch (error) {
    signal.throwIfAborted();
    throw new Failure("busy", `another driver serves this pool (${lock}); stop that one first`, { cause: error });
  } finally {
    socket.destroy();
  }
}
