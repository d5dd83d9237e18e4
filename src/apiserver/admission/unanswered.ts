import { Failure } from "../../lib/failure.ts";

/** Thrown out of a verb by a review that has to ask first. No error: who called the verb asks, and calls it again. */
export class Unanswered {
  readonly ask: () => Promise<void>;

  constructor(ask: () => Promise<void>) {
    this.ask = ask;
  }
}

/** Each round is another write of somebody else that came in between. */
const roundLimit = 10;

/** What a verb gives back once its review has all the answers. @throws Failure "conflict" if the object changes all the time */
export async function answered<T>(verb: () => T): Promise<T> {
  for (let round = 0; round < roundLimit; round++)
    try {
      return verb();
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      await error.ask();
    }
  throw new Failure("conflict", "the object was changed by others each time webhooks were asked about it: try again");
}
