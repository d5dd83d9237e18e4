import type { BackoffRange } from "../lib/backoff.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { Failure, failureOf, isFailure } from "../lib/failure.ts";
import type { Csi } from "./client.ts";
import type { CsiCall } from "./service.ts";

/** A driver beside us starts within seconds; once it is there it answers at once. */
const pause: BackoffRange = { startMs: 50, capMs: 1_000 };
const probeTimeoutMs = 5_000;

interface ReadyOptions {
  readonly clock?: Clock;
  readonly onWait?: (why: string) => void;
}

/**
 * Waits until the driver answers Probe and calls itself ready.
 *
 * @param call.timeoutMs gives up after this long
 * @param call.onWait told each time why the driver is not ready yet
 * @throws Failure "timeout" with the last reason; what the driver answered, if waiting cannot change it
 */
export async function waitUntilReady(csi: Csi, call: CsiCall & ReadyOptions): Promise<void> {
  const clock = call.clock ?? systemClock;
  const giveUpMs = clock.monotonicMs() + call.timeoutMs;
  for (let delayMs = pause.startMs; ; delayMs = Math.min(delayMs * 2, pause.capMs)) {
    const leftMs = giveUpMs - clock.monotonicMs();
    const obstacle = await probe(csi, {
      signal: call.signal,
      timeoutMs: Math.max(1, Math.min(probeTimeoutMs, leftMs)),
    });
    if (obstacle === undefined) return;
    call.onWait?.(obstacle);
    if (leftMs <= delayMs)
      throw new Failure(
        "timeout",
        `the CSI driver at ${csi.address} was not ready in ${call.timeoutMs} ms: ${obstacle}`,
      );
    await clock.sleep(delayMs, call.signal);
  }
}

/** Why the driver is not ready, or undefined when it is. */
async function probe(csi: Csi, call: CsiCall): Promise<string | undefined> {
  try {
    const { ready } = await csi.identity.probe({}, call);
    return ready === false ? "it says that it is not ready yet" : undefined;
  } catch (error) {
    if (isFailure(error, "unavailable", "timeout", "precondition", "busy")) return failureOf(error).message;
    throw error;
  }
}
