import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { candidatesFor, type Helpers } from "../candidates.ts";
import { pickEngine } from "../cut/pick.ts";
import type { Machine } from "../filesystem/machine.ts";
import { systemFiles } from "../pool/files.ts";
import { prepareLayout, removeSockets } from "../pool/layout.ts";
import { openState } from "../pool/state.ts";

export interface TryDeps extends Machine {
  readonly helpers: Helpers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Which of the engines that mount volumes works with a pool in this folder: tried on one that is removed again.
 *
 * @param wish an engine's name, or "auto"
 * @throws Failure "precondition" with what was found, if none does
 */
export async function tryEngines(folder: string, wish: string, deps: TryDeps): Promise<string> {
  const layout = await prepareLayout(join(folder, ".probe"));
  const state = await openState(":memory:");
  try {
    const candidates = await candidatesFor({ ...deps, layout, state, files: systemFiles });
    const mounting = candidates.filter(({ access }) => access === "loop");
    const { candidate } = await pickEngine(mounting, { engine: wish, served: undefined }, deps.log);
    return candidate.name;
  } finally {
    state.close();
    await removeSockets(layout);
    await rm(layout.pool, { recursive: true });
  }
}
