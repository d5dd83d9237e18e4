import type { Daemon } from "../lib/daemon.ts";

/** A process that a test may let die at an instant of its choice, and that is started again each time. */
export interface Mortal {
  /** Which of its lives it is in, from 1. */
  readonly life: number;
  /** Kills it (kill -9) if it is still in that life, and starts the next one. Resolves when that life is over. */
  die(life: number): Promise<void>;
  /** Resolves when the present life has begun. Rejects when it could not be started. */
  ready(): Promise<void>;
}

export function mortal(start: (life: number) => Promise<Daemon>): Mortal {
  let life = 1;
  let daemon = start(life);
  let over: Promise<unknown> = Promise.resolve();
  return {
    get life() {
      return life;
    },
    async die(of) {
      if (of === life) {
        life++;
        const ended = daemon.then((living) => living.end("SIGKILL"));
        over = ended;
        daemon = ended.then(() => start(life));
      }
      await over;
    },
    ready: async () => void (await daemon),
  };
}
