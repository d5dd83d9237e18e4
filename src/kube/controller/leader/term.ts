import type { Clock } from "../../../lib/clock.ts";
import { Failure } from "../../../lib/failure.ts";

/** A moment by both clocks of this machine. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function momentOf(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.now().getTime() };
}

/**
 * What a leader knows of its lease by its own clocks alone.
 *
 * - `held`: nobody else can have it.
 * - `doubtful`: the wall clock says that it has run out, the monotonic one does not. Somebody set the clock, or the machine
 *   slept, and the monotonic clock with it. Only a renewal can tell.
 * - `lost`: somebody else may have it.
 */
export type Standing = "held" | "doubtful" | "lost";

/** @param renewed when the last renewal that succeeded was sent, not when it was answered */
export function standingOf(renewed: Moment, now: Moment, renewDeadlineMs: number): Standing {
  if (now.monotonicMs - renewed.monotonicMs >= renewDeadlineMs) return "lost";
  return now.wallMs - renewed.wallMs >= renewDeadlineMs ? "doubtful" : "held";
}

/**
 * The time in which this process leads. It ends once, and for good.
 *
 * It ends `renewDeadlineMs` after the last renewal, which is earlier than anybody else may take the lease: what was sent in
 * time has until then to arrive.
 */
export interface Term {
  /** To be called right before each act: the clock decides, not a timer, which a frozen process would miss. @throws Failure */
  permit(): void;
  /** Aborted with a Failure when the lease is lost. */
  readonly signal: AbortSignal;
  readonly standing: Standing;
  /** How long the term goes on without a renewal. */
  readonly leftMs: number;
  renewed(at: Moment): void;
  end(reason: Failure): void;
}

export function termOf(options: {
  readonly clock: Clock;
  readonly renewDeadlineMs: number;
  /** Names the lease in messages. */
  readonly lease: string;
  readonly renewed: Moment;
}): Term {
  const { clock, renewDeadlineMs, lease } = options;
  const over = new AbortController();
  let last = options.renewed;
  const end = (reason: Failure) => {
    if (!over.signal.aborted) over.abort(reason);
  };
  const standing = (): Standing => {
    if (!over.signal.aborted && standingOf(last, momentOf(clock), renewDeadlineMs) === "lost")
      end(new Failure("unavailable", `the lease ${lease} was not renewed for ${renewDeadlineMs} ms; ${afterLoss}`));
    return over.signal.aborted ? "lost" : standingOf(last, momentOf(clock), renewDeadlineMs);
  };
  return {
    permit() {
      const now = standing();
      if (now === "lost") throw over.signal.reason;
      if (now === "doubtful")
        throw new Failure(
          "unavailable",
          `the clock was set ahead; nothing is done before the lease ${lease} is renewed`,
        );
    },
    signal: over.signal,
    get standing() {
      return standing();
    },
    get leftMs() {
      return Math.max(0, last.monotonicMs + renewDeadlineMs - clock.monotonicMs());
    },
    renewed(at) {
      last = at;
    },
    end,
  };
}

/** What follows from a lost lease. */
export const afterLoss = "another replica may lead now, so this one ends";
