import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";
import { systemRandom } from "./random.ts";

const range = { startMs: 1000, capMs: 300_000 };
const always = (number: number) => ({ ...systemRandom, next: () => number });

test("delays double from the start to the cap when chance gives the most", () => {
  const most = always(1);
  expect([1, 2, 3, 9, 10, 1000].map((attempts) => backoffMs(range, attempts, most))).toEqual([
    1000, 2000, 4000, 256_000, 300_000, 300_000,
  ]);
});

test("no delay is under half of the full one, nor over it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, chance) => {
      const delayMs = backoffMs(range, attempts, always(chance));
      const fullMs = backoffMs(range, attempts, always(1));
      expect(delayMs).toBeGreaterThanOrEqual(fullMs / 2);
      expect(delayMs).toBeLessThanOrEqual(Math.min(fullMs, range.capMs));
    }),
  );
});
