import { Failure } from "../lib/failure.ts";

/** An optional sign, a decimal number, and a suffix: binary (Ki), decimal (k, m), or an exponent (e3). */
const shape = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?$/;
const binary: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
/** Kubernetes keeps quantities within 64 bits; digits and exponents beyond are nobody's volume. */
const lengthLimit = 64;
const exponentLimit = 30;

/**
 * The bytes that a Kubernetes quantity says, exactly: "1Gi", "1.5Gi", "500M", "1e9", "1024". A fraction of a byte counts
 * as a whole one.
 *
 * @throws Failure "invalid" if it is no quantity, or negative
 */
export function parseQuantity(text: string): bigint {
  const match = text.length <= lengthLimit ? shape.exec(text) : null;
  const [, sign, digits = "", binarySuffix, decimalSuffix, exponent = "0"] = match ?? [];
  if (!match || sign === "-" || Math.abs(Number(exponent)) > exponentLimit)
    throw new Failure(
      "invalid",
      `${JSON.stringify(text.slice(0, lengthLimit))} is no size: write it as 1Gi, 500M or 1024`,
    );
  const [whole = "", fraction = ""] = digits.split(".");
  const power = (decimalSuffix ? (decimal[decimalSuffix] ?? 0) : Number(exponent)) - fraction.length;
  const scaled = BigInt(whole + fraction) << (binarySuffix ? (binary[binarySuffix] ?? 0n) : 0n);
  return power >= 0 ? scaled * 10n ** BigInt(power) : divideUp(scaled, 10n ** BigInt(-power));
}

/** The shortest exact binary form: 1073741824 is "1Gi", 1000 stays "1000". */
export function formatQuantity(bytes: bigint): string {
  const suffix = Object.entries(binary).findLast(([, shift]) => bytes !== 0n && bytes % (1n << shift) === 0n);
  return suffix ? `${bytes >> suffix[1]}${suffix[0]}` : String(bytes);
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}
