import { setMaxListeners } from "node:events";

/**
 * Calls `listener` when the signal is aborted. Any number of waits may listen to one signal: Node's warning that there are
 * more than ten is switched off for it.
 *
 * @returns takes the listener away; to be called when the wait is over, or a signal that lives long gathers listeners
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  setMaxListeners(0, signal);
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/** Rejects with the signal's reason when it is aborted: one side of a race. The signal is to live no longer than the race. */
export function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    onAbort(signal, () => reject(signal.reason));
  });
}
