import { Failure } from "../../lib/failure.ts";

/** Sizes are multiples of what filesystems and loop devices count in. */
export const sizeUnitBytes = 4096;
/** For who does not say how much. */
const defaultSizeBytes = 2 ** 30;
/** What an ext4 file can hold, with 4 KiB blocks. */
export const sizeLimitBytes = 2 ** 44 - sizeUnitBytes;

/** What is asked for; absent ends are open. */
export interface SizeRange {
  readonly atLeastBytes: number | undefined;
  readonly atMostBytes: number | undefined;
}

/**
 * The size a volume gets: what is asked for, rounded up to 4096; else its source's; else 1 GiB or what the limit allows.
 *
 * @param source size of what it is made from
 * @throws Failure "outOfRange" if no size fits
 */
export function sizeFor(range: SizeRange, source: { readonly sizeBytes: number } | undefined): number {
  const { atLeastBytes, atMostBytes = sizeLimitBytes } = range;
  if (source !== undefined && (atLeastBytes ?? source.sizeBytes) < source.sizeBytes)
    throw outOfRange(`${atLeastBytes} bytes are less than the ${source.sizeBytes} of its source`);
  const roundedDown = Math.floor(atMostBytes / sizeUnitBytes) * sizeUnitBytes;
  const wanted = atLeastBytes ?? source?.sizeBytes ?? Math.min(defaultSizeBytes, roundedDown);
  const sizeBytes = Math.ceil(wanted / sizeUnitBytes) * sizeUnitBytes;
  if (sizeBytes === 0) throw outOfRange(`at most ${atMostBytes} bytes leave no room for a block of ${sizeUnitBytes}`);
  if (sizeBytes > sizeLimitBytes)
    throw outOfRange(`${wanted} bytes are more than the ${sizeLimitBytes} a volume can have`);
  if (sizeBytes > atMostBytes)
    throw outOfRange(`${sizeBytes} bytes (a multiple of ${sizeUnitBytes}) are more than the limit of ${atMostBytes}`);
  return sizeBytes;
}

const outOfRange = (why: string) => new Failure("outOfRange", `cannot make a volume of that size: ${why}`);

const units = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

/** For people: 1.5 GiB. */
export function readableBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${units[power]}`;
}
