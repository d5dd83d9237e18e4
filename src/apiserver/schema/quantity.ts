/** An amount, exact down to 10^-9, the finest a Kubernetes quantity goes. */
export interface Quantity {
  /** In units of 10^-9. */
  readonly nano: bigint;
  readonly style: "binary" | "decimal" | "exponent";
}

const shape = /^([+-]?)(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/;
const nanoPerUnit = 1_000_000_000n;
const binaryUnits = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
/** More digits than any quantity that fits 64 bits has. */
const digitLimit = 40;

/** Reads "1.5Gi", "100m", "1e9" or a bare number; undefined if it is no quantity. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = shape.exec(text);
  if (!match || text.length > digitLimit) return undefined;
  const [, sign, digits = "", suffix = ""] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  const mantissa = BigInt(whole + fraction);
  const binary = binaryUnits.indexOf(suffix);
  const style = binary >= 0 ? "binary" : /^[eE]./.test(suffix) ? "exponent" : "decimal";
  const exponent = style === "exponent" ? Number(suffix.slice(1)) : (decimalExponents[suffix] ?? 0);
  if (Math.abs(exponent) > digitLimit) return undefined;
  const scaled = mantissa * nanoPerUnit * (binary >= 0 ? 1024n ** BigInt(binary + 1) : 1n);
  const nano = scale(scaled, exponent - fraction.length);
  return { nano: sign === "-" ? -nano : nano, style };
}

/** Rounds away from zero: a quantity never becomes less than was asked for. */
function scale(value: bigint, exponent: number): bigint {
  if (exponent >= 0) return value * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return value / divisor + (value % divisor === 0n ? 0n : 1n);
}

/** The one spelling of an amount: the largest unit that leaves an integer, in the style it was written in. */
export function canonicalQuantity(quantity: Quantity): string {
  const { nano, style } = quantity;
  if (nano === 0n) return "0";
  const sign = nano < 0n ? "-" : "";
  const amount = nano < 0n ? -nano : nano;
  if (style === "binary" && amount % nanoPerUnit === 0n) return sign + inBinaryUnits(amount / nanoPerUnit);
  return sign + inDecimalUnits(amount, style === "exponent");
}

function inBinaryUnits(amount: bigint): string {
  let unit = -1;
  let rest = amount;
  while (rest % 1024n === 0n && unit < binaryUnits.length - 1) {
    rest /= 1024n;
    unit++;
  }
  return `${rest}${binaryUnits[unit] ?? ""}`;
}

function inDecimalUnits(nano: bigint, asExponent: boolean): string {
  let exponent = -9;
  let rest = nano;
  while (rest % 1000n === 0n && exponent < 18) {
    rest /= 1000n;
    exponent += 3;
  }
  if (exponent === 0) return `${rest}`;
  if (asExponent) return `${rest}e${exponent}`;
  const unit = Object.keys(decimalExponents).find((name) => decimalExponents[name] === exponent);
  return `${rest}${unit}`;
}

/** Below 0, 0 or above 0, as `a` is less than, equal to or more than `b`. */
export const compareQuantities = (a: Quantity, b: Quantity): number => (a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0);
