import { isIP, isIPv4, isIPv6 } from "node:net";

const dateTime = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const goDuration = /^[+-]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)(\d+(\.\d*)?(ns|us|µs|μs|ms|s|m|h))*)$/;

/** The string formats that are enforced; all others are notes to the reader, as in Kubernetes. */
export const formats: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ["date-time", (text) => dateTime.test(text) && !Number.isNaN(Date.parse(text))],
  ["date", (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))],
  ["byte", (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)],
  ["uuid", (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text)],
  ["email", (text) => /^[^\s@]+@[^\s@]+$/.test(text)],
  ["hostname", (text) => text.length <= 255 && /^([A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?\.?)+$/.test(text)],
  ["ipv4", (text) => isIPv4(text)],
  ["ipv6", (text) => isIPv6(text)],
  ["cidr", isCidr],
  ["mac", (text) => /^[0-9a-f]{2}([:-][0-9a-f]{2}){5,7}$/i.test(text)],
  ["uri", (text) => /^[a-z][a-z0-9+.-]*:/i.test(text) || text.startsWith("/")],
  ["duration", (text) => goDuration.test(text)],
]);

export function isCidr(text: string): boolean {
  const match = /^(.+)\/(\d{1,3})$/.exec(text);
  const version = isIP(match?.[1] ?? "");
  return version !== 0 && Number(match?.[2]) <= (version === 4 ? 32 : 128);
}
