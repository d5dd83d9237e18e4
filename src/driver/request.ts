import {
  type CapacityRange,
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapability,
} from "../csi/gen/csi_pb.js";
import { Failure } from "../lib/failure.ts";
import { anyCut, type CutWish } from "./cut/cut-engine.ts";
import type { SizeRange } from "./pool/sizes.ts";

/** The length that CSI asks every driver to take; names beyond it could not come back in other fields. */
const nameLimitBytes = 128;
/** The kernel's own limit on paths. */
const pathLimitBytes = 4096;
/** CSI's limit on all of a map's text. */
const parametersLimitBytes = 4096;
/** What sidecars add to parameters on request: names of claims and snapshots, of no meaning here. */
const orchestratorPrefix = "csi.storage.k8s.io/";

const invalid = (message: string) => new Failure("invalid", message);

/** A field that must not be empty. @throws Failure "invalid" */
export function required(value: string, field: string): string {
  if (value === "") throw invalid(`${field} is required`);
  if (Buffer.byteLength(value) > nameLimitBytes)
    throw invalid(`${field} has ${Buffer.byteLength(value)} bytes; at most ${nameLimitBytes} are possible`);
  return value;
}

/** A name that a caller chose. @throws Failure "invalid" */
export function requiredName(value: string): string {
  const banned = Array.from(value).find(isControl);
  if (banned !== undefined)
    throw invalid(`name has the control character ${JSON.stringify(banned)}, which CSI does not allow`);
  return required(value, "name");
}

/** Tab, line feed and carriage return are allowed. */
function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (code < 0x20 && !"\t\n\r".includes(character)) || (code >= 0x7f && code <= 0x9f);
}

/** @throws Failure "invalid" */
export function requiredPath(value: string, field: string): string {
  if (value === "") throw invalid(`${field} is required`);
  if (!value.startsWith("/") || value.includes("\0")) throw invalid(`${field} must be an absolute path: ${value}`);
  if (value.split("/").some((name) => name === "." || name === ".."))
    throw invalid(`${field} must name its folders as they are, without . and ..: ${value}`);
  if (Buffer.byteLength(value) > pathLimitBytes) throw invalid(`${field} is longer than ${pathLimitBytes} bytes`);
  return value;
}

/** @throws Failure "invalid" naming what is not known */
export function checkParameters(parameters: Readonly<Record<string, string>>, known: readonly string[] = []): void {
  const size = Object.entries(parameters).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (size > parametersLimitBytes) throw invalid(`parameters have ${size} characters; at most ${parametersLimitBytes}`);
  const unknown = Object.keys(parameters).filter((key) => !known.includes(key) && !key.startsWith(orchestratorPrefix));
  if (unknown.length === 0) return;
  const has = known.length === 0 ? "this driver has none" : `this driver knows ${known.join(", ")}`;
  throw invalid(`unknown parameters in the class: ${unknown.join(", ")}; ${has}`);
}

/**
 * Every engine there is cuts at one instant: "allowInconsistent" is accepted and changes nothing. Nor does a class's policy
 * where it stands among the parameters too: Kubernetes' own storage suite writes classes like that.
 */
const snapshotParameters = ["consistency", "allowDowngrade", "allowInconsistent", "deletionPolicy"];

/** What a snapshot class asks of a cut. @throws Failure "invalid" for what it cannot ask */
export function cutWishOf(parameters: Readonly<Record<string, string>>): CutWish {
  checkParameters(parameters, snapshotParameters);
  const { consistency = anyCut.consistency, allowDowngrade = "false" } = parameters;
  if (consistency !== "crash" && consistency !== "filesystem")
    throw invalid(`parameter consistency must be crash or filesystem, not ${consistency}`);
  if (allowDowngrade !== "true" && allowDowngrade !== "false")
    throw invalid(`parameter allowDowngrade must be "true" or "false", not ${allowDowngrade}`);
  return { consistency, allowDowngrade: allowDowngrade === "true" };
}

const modes: ReadonlySet<Mode> = new Set([
  Mode.SINGLE_NODE_WRITER,
  Mode.SINGLE_NODE_READER_ONLY,
  Mode.SINGLE_NODE_SINGLE_WRITER,
  Mode.SINGLE_NODE_MULTI_WRITER,
  Mode.MULTI_NODE_READER_ONLY,
]);
const readers: ReadonlySet<Mode> = new Set([Mode.SINGLE_NODE_READER_ONLY, Mode.MULTI_NODE_READER_ONLY]);

/** How a volume is to be used. */
export interface Usage {
  readonly access: "block" | "filesystem";
  readonly readOnly: boolean;
  readonly isAlone: boolean;
  /** Of a volume with a filesystem; empty if the caller leaves it to the driver. */
  readonly fsType: string;
  readonly mountFlags: readonly string[];
}

/** Why the capability cannot be had, or undefined. */
export function obstacleOf(capability: VolumeCapability): string | undefined {
  const mode = capability.accessMode?.mode ?? Mode.UNKNOWN;
  if (capability.accessType.case === undefined) return "access_type must be block or mount";
  if (modes.has(mode)) return undefined;
  return `access mode ${Mode[mode] ?? mode} is not possible: volumes live on one node`;
}

/** @throws Failure "invalid" */
export function requiredUsage(capability: VolumeCapability | undefined): Usage {
  if (capability === undefined) throw invalid("volume_capability is required");
  const obstacle = obstacleOf(capability);
  if (obstacle !== undefined) throw invalid(obstacle);
  const mount = capability.accessType.case === "mount" ? capability.accessType.value : undefined;
  return {
    access: mount === undefined ? "block" : "filesystem",
    fsType: mount?.fsType ?? "",
    mountFlags: mount?.mountFlags ?? [],
    readOnly: readers.has(capability.accessMode?.mode ?? Mode.UNKNOWN),
    isAlone: capability.accessMode?.mode === Mode.SINGLE_NODE_SINGLE_WRITER,
  };
}

/** @throws Failure "invalid" */
export function checkCapabilities(capabilities: readonly VolumeCapability[]): void {
  if (capabilities.length === 0) throw invalid("volume_capabilities is required");
  for (const capability of capabilities) requiredUsage(capability);
}

/** @throws Failure "invalid" for negative or crossed ends; "outOfRange" for more than a double can count */
export function sizeRangeOf(range: CapacityRange | undefined): SizeRange {
  const { requiredBytes = 0n, limitBytes = 0n } = range ?? {};
  if (requiredBytes < 0n || limitBytes < 0n)
    throw invalid("capacity_range: required_bytes and limit_bytes cannot be negative");
  if (limitBytes > 0n && requiredBytes > limitBytes)
    throw invalid(`capacity_range: required_bytes ${requiredBytes} are more than limit_bytes ${limitBytes}`);
  if (requiredBytes > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Failure("outOfRange", `capacity_range: ${requiredBytes} bytes are more than a volume can have`);
  const atMost = limitBytes > BigInt(Number.MAX_SAFE_INTEGER) ? 0n : limitBytes; // beyond every volume: no limit at all
  return {
    atLeastBytes: requiredBytes === 0n ? undefined : Number(requiredBytes),
    atMostBytes: atMost === 0n ? undefined : Number(atMost),
  };
}

/** A page's size when the caller sets none, and the most it gets: an answer must stay within a message. */
const pageLimit = 10_000;

export interface Page {
  readonly afterSeq: number;
  readonly limit: number;
}

/** @throws Failure "invalid" for a negative count; "expired" (ABORTED) for a token that was not ours */
export function pageOf(request: { readonly maxEntries: number; readonly startingToken: string }): Page {
  const { maxEntries, startingToken } = request;
  if (maxEntries < 0) throw invalid(`max_entries cannot be negative: ${maxEntries}`);
  const token = /^after-(\d{1,15})$/.exec(startingToken)?.[1] ?? (startingToken === "" ? "0" : undefined);
  if (token === undefined)
    throw new Failure("expired", "starting_token is none of this driver's: start again without one");
  return { afterSeq: Number(token), limit: maxEntries === 0 ? pageLimit : Math.min(maxEntries, pageLimit) };
}

/** The page's entries and the token for the next, from one entry more than the page holds. */
export function pageFrom<T extends { readonly seq: number }>(found: readonly T[], limit: number) {
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  return { entries, nextToken: found.length > limit && last ? `after-${last.seq}` : "" };
}
