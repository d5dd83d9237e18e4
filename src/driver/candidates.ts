import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { exportsOf } from "./access/nbd-access.ts";
import { SupervisedEngine } from "./block/supervised-engine.ts";
import { atomicCandidate } from "./cut/atomic-candidate.ts";
import { freezeCandidate } from "./cut/freeze-candidate.ts";
import type { Candidate } from "./cut/pick.ts";
import { userlandCandidate } from "./cut/userland-candidate.ts";
import { loopDevices } from "./filesystem/loop.ts";
import { machineMounts } from "./filesystem/mounts.ts";
import { machineTools } from "./filesystem/tools.ts";
import { loadFreezing } from "./hold/freezing.ts";
import { watchedHolder } from "./hold/holder.ts";
import { holdLedger, thawLeftovers } from "./hold/ledger.ts";
import type { PoolFiles } from "./pool/files.ts";
import type { Layout } from "./pool/layout.ts";
import type { PoolState } from "./pool/state.ts";
import type { Workshop } from "./pool/workshop.ts";

/** Programs with arguments that the driver starts beside itself. */
export interface Helpers {
  /** Runs the block engine (`runBlockEngine`). */
  readonly blockEngine: readonly string[];
  /** Runs the watchdog of frozen filesystems (`runWatchdog`). */
  readonly watchdog: readonly [string, ...string[]];
}

/** Writers of a group are held for a tenth of a second; for longer only where images are very fragmented. */
const defaultHoldMs = 5_000;

/**
 * The cut engines there are, in order of preference.
 *
 * What an earlier run left frozen is thawed first: every further step could hang on it.
 */
export async function candidatesFor(
  shop: {
    readonly layout: Layout;
    readonly state: PoolState;
    readonly files: PoolFiles;
    readonly helpers: Helpers;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Logger;
    readonly holdDeadlineMs?: number;
    readonly onStep?: Workshop["onStep"];
  },
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  const { layout, state, helpers, clock, log } = shop;
  const tools = machineTools(signal);
  const mounts = machineMounts(tools);
  const loops = loopDevices(tools);
  const freezing = await loadFreezing();
  if (freezing) await thawLeftovers({ state, mounts, freezing, log });
  const machine = { ...shop, tools, mounts, loops };
  const ledger = holdLedger(state);
  return [
    atomicCandidate(machine),
    freezeCandidate({
      ...machine,
      freezing,
      startHolder: (freezer) =>
        watchedHolder({
          command: helpers.watchdog,
          freezing: freezer,
          ledger,
          deadlineMs: shop.holdDeadlineMs ?? defaultHoldMs,
          clock,
          log,
          onFrozen: () => shop.onStep?.("frozen"),
        }),
    }),
    userlandCandidate({
      ...shop,
      startEngine: () =>
        new SupervisedEngine({
          ...shop,
          command: helpers.blockEngine,
          lock: layout.engineLock,
          exports: () => exportsOf(shop),
        }),
    }),
  ];
}
