import { randomUUID } from "node:crypto";

/** Chance, handed in: a seeded source makes any run repeatable. */
export interface Random {
  /** A number from 0 (included) to 1 (excluded). */
  next(): number;
  /** A random (version 4) UUID. */
  uuid(): string;
}

/** The machine's own randomness. */
export const systemRandom: Random = { next: () => Math.random(), uuid: () => randomUUID() };
