import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { Access } from "../access/access.ts";
import type { CutEngine } from "../cut/cut-engine.ts";
import type { PoolFiles } from "./files.ts";
import type { Layout } from "./layout.ts";
import type { Reservations } from "./reservations.ts";
import type { Space } from "./space.ts";
import type { PoolState } from "./state.ts";
import type { Trash } from "./trash.ts";

/** What making and deleting volumes and snapshots needs; they share one of each. */
export interface Workshop {
  readonly layout: Layout;
  readonly state: PoolState;
  readonly files: PoolFiles;
  readonly trash: Trash;
  readonly space: Space;
  readonly reservations: Reservations;
  readonly cutter: CutEngine;
  readonly access: Access;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Told after each step of the journal, before the next begins: where crash tests pull the plug. */
  readonly onStep?: (step: Step) => void;
}

export type Step =
  | "volume intended"
  | "volume filled"
  | "volume deletion intended"
  | "volume image deleted"
  | "cut intended"
  | "frozen"
  | "cut taken"
  | "cut copied"
  | "snapshot deletion intended"
  | "snapshot images deleted"
  | "growth intended";
