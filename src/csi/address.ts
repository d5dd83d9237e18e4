import { resolve } from "node:path";
import { Failure } from "../lib/failure.ts";
import { socketPathLimitBytes } from "../lib/socket-path.ts";

/**
 * The absolute path behind a CSI endpoint: `unix:///run/csi.sock`, `unix:/run/csi.sock` or a bare path.
 *
 * @throws Failure "invalid" for another scheme, and for a path that no socket address can hold
 */
export function socketPathOf(address: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1];
  if (scheme !== undefined && scheme !== "unix")
    throw new Failure("invalid", `cannot use ${scheme} for CSI at ${address}: give unix:///path/of/csi.sock or a path`);
  const given = address.replace(/^unix:(\/\/)?/, "");
  if (given === "") throw new Failure("invalid", "the CSI address is empty: give unix:///path/of/csi.sock or a path");
  return checkedSocketPath(resolve(given));
}

/** @throws Failure "invalid" when the path is longer than a Unix socket address can hold */
function checkedSocketPath(path: string): string {
  const lengthBytes = Buffer.byteLength(path);
  if (lengthBytes <= socketPathLimitBytes) return path;
  throw new Failure(
    "invalid",
    `the socket path ${path} has ${lengthBytes} bytes, at most ${socketPathLimitBytes} are possible: use a shorter folder`,
  );
}
