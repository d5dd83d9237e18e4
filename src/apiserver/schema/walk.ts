import type { Json } from "../../lib/json.ts";
import type { FieldError } from "../kinds/kind.ts";
import type { Path } from "./path.ts";
import type { Schema } from "./schema.ts";

/** What one walk over an object gathers. */
export interface Visit {
  readonly errors: FieldError[];
  readonly unknownFields: string[];
  /** What it may still do. */
  readonly left: { patternWork: number };
}

/**
 * All patterns of one object together: about half a second at worst. Definitions bring their patterns along, everybody
 * waits while texts are matched, and one that could be anywhere in a long text is dear.
 */
const patternWorkLimit = 20_000_000;

/** @param within the walk that this one is part of, and with whose limits it has to do */
export const newVisit = (within?: Visit): Visit => ({
  errors: [],
  unknownFields: [],
  left: within?.left ?? { patternWork: patternWorkLimit },
});

/** Prunes, defaults and validates one value; gives back the same value when nothing had to change. */
export type Walk = (value: Json, path: Path | undefined, visit: Visit) => Json;

/** Looks at a value and reports what is wrong with it. */
export type Check = (value: Json, path: Path | undefined, visit: Visit) => void;

export interface WalkOptions {
  /** Drop and report what the schema does not know. Off inside oneOf, anyOf, allOf and not, which only judge. */
  readonly prune: boolean;
  /**
   * The schema is a built-in kind's: quantities are written in their one canonical spelling, and what the schema says of
   * lists is meant for patches alone. Kubernetes takes a variable of a pod twice; only custom kinds have unique items.
   */
  readonly builtIn: boolean;
}

/** Makes the walk of a nested schema; handed to the parts, so that they need not know each other. */
export type Compile = (schema: Schema, options: WalkOptions) => Walk;
