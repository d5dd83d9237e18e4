import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { exportsOf } from "./access/nbd-access.ts";
import { SupervisedEngine } from "./block/supervised-engine.ts";
import { atomicCandidate } from "./cut/atomic-candidate.ts";
import { freezeCandidate } from "./cut/freeze-candidate.ts";
import type { Candidate } from "./cut/pick.ts";
import { userlandCandidate } from "./cut/userland-candidate.ts";
import { loadIoctl } from "./filesystem/ioctl.ts";
import type { Machine } from "./filesystem/machine.ts";
import { loadWriteOut } from "./filesystem/write-out.ts";
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
  shop: Machine & {
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
): Promise<readonly Candidate[]> {
  const { layout, state, helpers, clock, log, mounts } = shop;
  const [freezing, ioctl, writeOut] = await Promise.all([loadFreezing(), loadIoctl(), loadWriteOut(shop.tools, clock)]);
  if (freezing) await thawLeftovers({ state, mounts, freezing, log });
  const ledger = holdLedger(state);
  const deadlineMs = shop.holdDeadlineMs ?? defaultHoldMs;
  const onFrozen = () => shop.onStep?.("frozen");
  const startHolder =
    freezing &&
    (() => watchedHolder({ command: helpers.watchdog, freezing, ledger, deadlineMs, clock, log, onFrozen }));
  return [
    atomicCandidate({ ...shop, ioctl, writeOut, startHolder }),
    freezeCandidate({ ...shop, ioctl, writeOut, freezing, startHolder }),
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
