import { expect, test } from "vitest";
import type { PoolFiles } from "./files.ts";
import { Space } from "./space.ts";
import type { PoolState } from "./state.ts";

test.each([1_000_000_007, 41_875_931_136, 123_456_789_012])(
  "of a pool of %i bytes a whole number of bytes is to be had beside the reserve",
  async (bytes) => {
    const files = { freeBytes: async () => bytes, totalBytes: async () => bytes } as unknown as PoolFiles; // what it asks
    const state = {} as PoolState; // asked only where there is a limit
    const space = new Space({
      state,
      files,
      folder: "/pool",
      limitBytes: undefined,
      keepsReserve: true,
      trash: { bytes: 0 },
    });
    const availableBytes = await space.availableBytes();
    expect(Number.isInteger(availableBytes)).toBe(true);
    expect(availableBytes).toBeLessThanOrEqual(0.9 * bytes);
  },
);
