import type { WireFailure } from "../block/protocol.ts";
import type { Held } from "./frozen-mounts.ts";

/** Driver to watchdog, as JSON over the channel between parent and child. */
export type WatchdogAsk =
  | { readonly do: "freeze"; readonly mounts: readonly Held[]; readonly deadlineMs: number }
  | { readonly do: "thaw" };

/** Watchdog to driver: one answer to each ask, in order. */
export type WatchdogAnswer =
  | { readonly kind: "frozen" }
  /** `lasted`: all were frozen from the answer "frozen" until now. */
  | { readonly kind: "thawed"; readonly lasted: boolean }
  | { readonly kind: "refused"; readonly failure: WireFailure };
