import fc from "fast-check";
import { expect, test } from "vitest";
import type { Extent } from "../filesystem/extents.ts";
import { differingRanges } from "./differing-ranges.ts";

const unwritten = 0x800;
const delayed = 0x4;
const at = (logical: number, length: number, physical: number, flags = 0): Extent => ({
  logical,
  length,
  physical,
  flags,
});

test.each<[what: string, one: Extent[], other: Extent[], ranges: number[][]]>([
  ["nothing", [], [], []],
  ["the same blocks", [at(0, 8, 100)], [at(0, 8, 100)], []],
  ["the same blocks in other pieces", [at(0, 8, 100)], [at(0, 3, 100), at(3, 5, 103)], []],
  ["a block written anew", [at(0, 4, 100), at(4, 1, 900), at(5, 3, 105)], [at(0, 8, 100)], [[4, 5]]],
  ["a hole made", [at(0, 2, 100), at(6, 2, 106)], [at(0, 8, 100)], [[2, 6]]],
  ["a hole filled", [at(0, 8, 100)], [at(6, 2, 106)], [[0, 6]]],
  ["neighbours that are one range", [at(0, 2, 700), at(2, 2, 800)], [at(0, 4, 100)], [[0, 4]]],
  ["room that was never written, which is a hole", [at(0, 8, 100, unwritten)], [], []],
  ["blocks without a place yet, which may be any", [at(0, 2, 100, delayed)], [at(0, 2, 100, delayed)], [[0, 2]]],
  ["what lies beyond the end", [at(0, 20, 100)], [at(0, 10, 100)], []],
])("files with %s differ there and nowhere else", (_what, one, other, ranges) => {
  expect(differingRanges(one, other, 10).map(({ start, end }) => [start, end])).toEqual(ranges);
});

/** A file of 24 blocks: for each where it lies, 0 for a hole; neighbours on the disk are one extent. */
const layout = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 24, maxLength: 24 });
function extentsOf(places: readonly number[]): readonly Extent[] {
  const extents: Extent[] = [];
  for (const [block, shift] of places.entries()) {
    const last = extents.at(-1);
    const goesOn = last && last.logical + last.length === block && last.physical - last.logical === shift * 100;
    if (shift !== 0 && goesOn) extents[extents.length - 1] = { ...last, length: last.length + 1 };
    else if (shift !== 0) extents.push(at(block, 1, block + shift * 100));
  }
  return extents;
}

test("exactly the blocks that lie elsewhere are told, whatever files look like", () => {
  fc.assert(
    fc.property(layout, layout, (one, other) => {
      const told = differingRanges(extentsOf(one), extentsOf(other), 24);
      const blocks = told.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));
      expect(blocks).toEqual(one.flatMap((place, block) => (place === other[block] ? [] : [block])));
      expect(told.every(({ start }, i) => i === 0 || (told[i - 1]?.end ?? 0) < start)).toBe(true);
    }),
  );
});
