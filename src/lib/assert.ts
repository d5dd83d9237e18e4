/**
 * Ends the current work loudly when we are wrong about our own code; never for bad input or a failing world.
 *
 * @param must what must hold, as a sentence without its full stop
 * @throws Error, which nobody catches to ignore
 */
export function assert(condition: unknown, must: string): asserts condition {
  if (!condition) throw new Error(`broken assumption: ${must}`);
}
