import { once } from "node:events";
import { connect } from "node:net";
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
  try {
    await once(socket, "connect", { signal });
  } catch {
    signal.throwIfAborted();
    return void socket.destroy(); // nobody listens: no file, or one that a dead engine left
  }
  socket.resume();
  const what = "the block engine of another driver";
  try {
    await withTimeout(clock, { timeoutMs: endLimitMs, what, signal }, (late) =>
      once(socket, "close", { signal: late }),
    );
  } catch (error) {
    signal.throwIfAborted();
    throw new Failure("busy", `another driver serves this pool (${lock}); stop that one first`, { cause: error });
  } finally {
    socket.destroy();
  }
}
