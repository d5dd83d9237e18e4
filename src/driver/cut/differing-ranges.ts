import { type Extent, isKnown, isZeroes } from "../filesystem/extents.ts";

/** Bytes of a file, from and to. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Where two files that share blocks may differ, in order, at most to `sizeBytes`: everywhere where one has other blocks
 * than the other, or blocks where the other has none. What only reads as zeroes counts as none.
 *
 * That the same blocks hold the same bytes is sure only while both files hold them: nobody then writes to them in place.
 */
export function differingRanges(one: readonly Extent[], other: readonly Extent[], sizeBytes: number): readonly Range[] {
  const [first, second] = [cursor(one), cursor(other)];
  const ranges: { start: number; end: number }[] = [];
  for (let at = 0; at < sizeBytes; ) {
    const [a, b] = [first(at), second(at)];
    const end = Math.min(a.end, b.end, sizeBytes);
    const last = ranges.at(-1);
    if (a.shift !== b.shift && last?.end === at) last.end = end;
    else if (a.shift !== b.shift) ranges.push({ start: at, end });
    at = end;
  }
  return ranges;
}

/** What a file has at a place, and how far. */
interface Piece {
  /** From its offset to that on the disk; undefined in a hole. NaN, which is never equal, where nobody can tell. */
  readonly shift: number | undefined;
  readonly end: number;
}

/** Looks at places that only ever go up. */
function cursor(extents: readonly Extent[]): (at: number) => Piece {
  const written = extents.filter((extent) => !isZeroes(extent));
  let next = 0;
  return (at) => {
    while (next < written.length && endOf(written[next]) <= at) next++;
    const extent = written[next];
    if (extent === undefined) return { shift: undefined, end: Number.POSITIVE_INFINITY };
    if (extent.logical > at) return { shift: undefined, end: extent.logical };
    return { shift: isKnown(extent) ? extent.physical - extent.logical : Number.NaN, end: endOf(extent) };
  };
}

const endOf = (extent: Extent | undefined) => (extent === undefined ? 0 : extent.logical + extent.length);
