import { systemClock } from "../../lib/clock.ts";

/** A program whose state spans several volumes, and that says whether a copy of them makes sense. */
export interface Application {
  /** Its volumes by name, in the order in which the first control cuts them: one that is sure to break it. */
  readonly volumes: readonly { readonly name: string; readonly fsType: "ext4" | "xfs" }[];
  /** Begins to work in a folder, where its volumes are mounted by their names, empty. */
  begin(folder: string): Promise<Work>;
  /** Starts it on copies of its volumes, lets it recover, and looks at everything it has. */
  judge(folder: string, acked: readonly number[]): Promise<Verdict>;
}

/** An application at work, which never rests. */
export interface Work {
  /** By teller, the number of its last transfer that it knows to be committed. */
  acked(): readonly number[];
  /** Resolves once it knows of that many transfers more. @throws Failure that ended it */
  more(count: number): Promise<void>;
  /** Has it write out what it holds back, as it does by itself by and by. */
  checkpoint(): Promise<void>;
  /** Ends it, and lets go of its volumes. @throws Failure that ended it before */
  stop(): Promise<void>;
}

export interface Verdict {
  readonly violations: readonly string[];
  /** How many transfers the copy holds. */
  readonly transfers: number;
  /** Whether it was caught at work: there was a journal or log to recover by. */
  readonly recovered: boolean;
}

/** Resolves once a number of transfers more are acknowledged; rejects when `over` does. */
export async function untilMore(acked: () => readonly number[], over: Promise<never>, count: number): Promise<void> {
  const sum = () => acked().reduce((total, number) => total + number, 0);
  const enough = sum() + count;
  const limit = AbortSignal.timeout(60_000); // a machine that is slower than that has stopped
  while (sum() < enough) await Promise.race([systemClock.sleep(5, limit), over]);
}
