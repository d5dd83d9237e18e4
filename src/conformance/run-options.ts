import type { Csi } from "../csi/client.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Check } from "./check.ts";
import type { Secrets } from "./driver.ts";
import type { Settings } from "./lab.ts";
import type { Result } from "./report.ts";

export interface RunOptions {
  readonly csi: Csi;
  readonly settings: Settings;
  readonly secrets: Secrets;
  /** Limit on one call. */
  readonly callTimeoutMs: number;
  /** Goes on after a check has failed. */
  readonly keepGoing: boolean;
  /** All there are, unless a few are enough. */
  readonly checks?: readonly Check[];
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the run; what it made is taken away all the same. */
  readonly signal: AbortSignal;
  /** Ends even that. */
  readonly cleaningSignal: AbortSignal;
  /** Told about each check when it has ended. */
  readonly onResult?: (result: Result) => void;
}
