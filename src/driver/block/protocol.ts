import type { Code } from "../../lib/failure.ts";

/**
 * What driver and block engine say to each other over the channel between parent and child, as JSON.
 *
 * Driver and engine are the same program, yet an engine may outlive an upgrade by a moment: the version is checked first.
 */
export const protocolVersion = 1;

/** A volume's image at a socket. */
export interface ServedExport {
  readonly image: string;
  readonly socket: string;
  readonly readOnly: boolean;
  /** The NBD export's name. */
  readonly name: string;
}

export interface CutMember {
  readonly image: string;
  /** The file that will hold the image's bytes of the instant; made by the engine. */
  readonly target: string;
}

export interface CutRequest {
  readonly id: string;
  readonly members: readonly CutMember[];
  /** Share blocks with the source instead of copying them: the filesystem has been seen to do that. */
  readonly reflink: boolean;
}

export type Ask =
  | { readonly do: "hello"; readonly version: number; readonly lock: string }
  | { readonly do: "serve"; readonly served: ServedExport }
  | { readonly do: "withdraw"; readonly socket: string }
  | { readonly do: "grow"; readonly image: string; readonly sizeBytes: number }
  | { readonly do: "cut"; readonly request: CutRequest }
  | { readonly do: "stop" };

/** Driver to engine. */
export type AskMessage = Ask & { readonly call: number };

export interface WireFailure {
  readonly code: Code;
  readonly message: string;
}

/** Engine to driver. A cut is answered twice: with its instant, and later, when all is copied and synced. */
export type EngineMessage =
  | { readonly kind: "answer"; readonly call: number; readonly takenAtMs?: number }
  | { readonly kind: "refusal"; readonly call: number; readonly failure: WireFailure }
  | { readonly kind: "copied"; readonly cut: string; readonly failure?: WireFailure };
