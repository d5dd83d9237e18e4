import type { CutRequest, ServedExport } from "./protocol.ts";

/** Serves images over NBD and cuts them; in this process (`LocalEngine`) or in a child (`startEngineProcess`). */
export interface BlockEngine {
  /** Serves an image until it is withdrawn; doing so already is fine. */
  serve(served: ServedExport): Promise<void>;
  /** Ends the socket's connections and syncs the image; nothing being served there is fine. */
  withdraw(socket: string): Promise<void>;
  /** Makes an image larger, served or not; it never shrinks. */
  grow(image: string, sizeBytes: number): Promise<void>;
  /**
   * Cuts all members at one instant, served or not.
   *
   * @throws Failure; then no target is left in use, though files may be there for the caller to delete
   */
  cut(request: CutRequest): Promise<TakenCut>;
  /** Withdraws everything, synced. */
  close(): Promise<void>;
}

export interface TakenCut {
  /** The instant: every change answered before is in it, none that came after. */
  readonly takenAt: Date;
  /** Resolves once every target is complete and synced. Rejects with a Failure; the engine uses no target any more then. */
  readonly copied: Promise<void>;
}
