import { Failure } from "../../lib/failure.ts";
import type { Logger } from "../../lib/log.ts";
import type { CutMember } from "../block/protocol.ts";

/**
 * What a snapshot is worth. "crash": as after a power cut of all members at one instant. "filesystem": with clean
 * journals too. "none": no common instant.
 */
export type Consistency = "filesystem" | "crash" | "none";

/** A way to take several volumes at one instant. */
export interface CutEngine {
  readonly name: string;
  /** Tries whether it works here. Never throws: what it found is for the log and for GetPluginInfo. */
  probe(): Promise<Probe>;
  /** @throws Failure; files it made are then for the caller to delete */
  cut(id: string, members: readonly CutMember[]): Promise<Cut>;
}

interface Probe {
  readonly works: boolean;
  readonly finding: string;
}

interface Cut {
  readonly takenAt: Date;
  /** What this very cut got; never more. */
  readonly consistency: Consistency;
  /** Resolves once every target is complete and synced; rejects with a Failure. */
  readonly copied: Promise<void>;
}

/**
 * The first engine, of those in order of preference, that works here; or the one asked for.
 *
 * @throws Failure "invalid" for an unknown name; "precondition" if the engine does not work here, with what was found
 */
export async function pickEngine(
  engines: readonly CutEngine[],
  wanted: string,
  log: Logger,
): Promise<{ readonly engine: CutEngine; readonly finding: string }> {
  const candidates = wanted === "auto" ? engines : engines.filter(({ name }) => name === wanted);
  if (candidates.length === 0)
    throw new Failure(
      "invalid",
      `there is no engine ${wanted}; use auto or ${engines.map(({ name }) => name).join(", ")}`,
    );
  const findings: string[] = [];
  for (const engine of candidates) {
    const { works, finding } = await engine.probe();
    log.info({ engine: engine.name, works, finding }, "probed a cut engine");
    if (works) return { engine, finding };
    findings.push(`${engine.name}: ${finding}`);
  }
  throw new Failure("precondition", `no engine works here: ${findings.join("; ")}`);
}
