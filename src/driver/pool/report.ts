import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { Extents } from "../filesystem/extents.ts";
import { type Layout, snapshotImage } from "./layout.ts";
import type { Space, SpaceLevels } from "./space.ts";
import type { PoolState } from "./state.ts";
import type { Trash } from "./trash.ts";

/** How a pool stands now. */
export interface PoolReport extends SpaceLevels {
  /** Deleted, and not freed yet. */
  readonly deletedBytes: number;
  /** What each snapshot alone takes up now; it changes when its siblings go. The oldest ones, if there are very many. */
  readonly snapshots: readonly { readonly id: string; readonly exclusiveBytes: number }[];
}

/** A label each in the metrics: a monitoring system holds thousands, not any number. */
const snapshotLimit = 1_000;
/** Fragments of all snapshots are read for it. */
const freshMs = 60_000;

/** Looks when asked, at snapshots at most once a minute. Without `extents` they are left out. */
export function poolReports(deps: {
  readonly layout: Layout;
  readonly state: PoolState;
  readonly space: Space;
  readonly trash: Trash;
  readonly extents: Extents | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}): () => Promise<PoolReport> {
  const { space, trash, clock } = deps;
  let looked: { readonly atMs: number; readonly snapshots: Promise<PoolReport["snapshots"]> } | undefined;
  return async () => {
    const nowMs = clock.monotonicMs();
    if (looked === undefined || nowMs - looked.atMs > freshMs)
      looked = { atMs: nowMs, snapshots: exclusiveUsage(deps) };
    return { ...(await space.levels()), deletedBytes: trash.bytes, snapshots: await looked.snapshots };
  };
}

async function exclusiveUsage({ layout, state, extents, log }: Parameters<typeof poolReports>[0]) {
  const found: PoolReport["snapshots"][number][] = [];
  if (extents === undefined) return found;
  for (const { id } of state.snapshots.list("state = 'ready' ORDER BY seq LIMIT ?", snapshotLimit)) {
    const exclusiveBytes = await extents.exclusiveBytes(snapshotImage(layout, id)).catch((error: unknown) => {
      log.debug({ err: error, snapshot: id }, "cannot look at what a snapshot takes up; it may be gone");
      return undefined;
    });
    if (exclusiveBytes !== undefined) found.push({ id, exclusiveBytes });
  }
  return found;
}
