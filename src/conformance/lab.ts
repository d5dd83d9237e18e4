import type { Volume } from "../csi/gen/csi_pb.js";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Driver } from "./driver.ts";
import { type Made, made } from "./made.ts";
import type { Offer } from "./offer.ts";
import type { Patience } from "./patience.ts";

/** What a run is to be like. */
export interface Settings {
  /** How many volumes a group has; two at least. */
  readonly volumes: number;
  readonly volumeBytes: number;
  readonly volumeMode: "Filesystem" | "Block";
  /** "" leaves it to the driver. */
  readonly fsType: string;
  readonly volumeParameters: Readonly<Record<string, string>>;
  readonly groupParameters: Readonly<Record<string, string>>;
  /** Groups that the order test cuts. */
  readonly rounds: number;
  readonly writers: number;
  /** Limit on what may take several calls, such as a group becoming ready. */
  readonly readyTimeoutMs: number;
  /** Where volumes are staged and published; the driver must be able to reach it. */
  readonly workDir: string;
}

/** What a check works with. What it makes is taken away when its lab closes. */
export interface Lab {
  readonly settings: Settings;
  readonly offer: Offer;
  readonly driver: Driver;
  readonly patience: Patience;
  readonly made: Made;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** The run's source volumes, made when they are asked for first. */
  readonly volumes: () => Promise<readonly Volume[]>;
  /** Takes down what could not be taken away. */
  readonly left: (what: readonly string[]) => void;
  /** For taking away: goes on after the run was told to stop. */
  readonly cleaner: Patience;
  /** Aborted when there is no more time even for that. */
  readonly cleaningSignal: AbortSignal;
}

/** Gives `work` a lab of its own, and takes away what it made whatever became of it. */
export async function within<T>(lab: Lab, work: (inner: Lab) => Promise<T>): Promise<T> {
  const inner = { ...lab, made: made() };
  try {
    return await work(inner);
  } finally {
    lab.left(await inner.made.undo(lab.cleaner));
  }
}

/** No two runs share one, and whoever finds it knows where it comes from. */
export const nameOf = ({ random }: Pick<Lab, "random">, what: string) =>
  `groupsnap-conformance-${what}-${random.uuid()}`;
