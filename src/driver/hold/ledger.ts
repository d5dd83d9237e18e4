import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "../../lib/log.ts";
import type { Mounts } from "../filesystem/mounts.ts";
import type { PoolState } from "../pool/state.ts";
import type { Freezing } from "./freezing.ts";
import { FrozenMounts, type Held } from "./frozen-mounts.ts";

/** What may be frozen, written to the disk before it is. */
export interface HoldLedger {
  add(mounts: readonly Held[]): void;
  clear(): void;
}

export function holdLedger(state: PoolState): HoldLedger {
  return {
    add: (mounts) =>
      state.transaction(() => {
        for (const mount of mounts) state.holds.insert(mount);
      }),
    clear: () => state.holds.remove("true"),
  };
}

/**
 * Thaws what an earlier run left frozen; to be done before anything is served.
 *
 * A filesystem that was unmounted while it was frozen stays so, invisible, and its device busy: mounting the device once
 * more brings it back to be thawed.
 */
export async function thawLeftovers(deps: {
  readonly state: PoolState;
  readonly mounts: Mounts;
  readonly freezing: Freezing;
  readonly log: Logger;
}): Promise<void> {
  const { state, mounts, freezing, log } = deps;
  const left = state.holds.list("true");
  if (left.length === 0) return;
  const mounted = await mounts.list();
  for (const held of left) {
    const isMounted = mounted.some(({ path, source }) => path === held.path && source === held.device);
    const thaw = isMounted ? thawAt(held, freezing) : thawUnmounted(held, mounts, freezing);
    const was = await thaw.catch((error: unknown) => {
      log.warn({ err: error, ...held }, "cannot look whether a filesystem is frozen; its volume may be gone");
      return false;
    });
    if (was) log.warn({ ...held }, "thawed a filesystem that an earlier run had left frozen");
  }
  state.holds.remove("true");
}

async function thawAt(held: Held, freezing: Freezing): Promise<boolean> {
  const mount = new FrozenMounts([held], freezing);
  try {
    return mount.thaw();
  } finally {
    mount.close();
  }
}

async function thawUnmounted({ device }: Held, mounts: Mounts, freezing: Freezing): Promise<boolean> {
  const path = await mkdtemp(join(tmpdir(), "groupsnap-thaw-"));
  try {
    await mounts.mount({ device, path, type: "auto", flags: [] });
    try {
      return await thawAt({ path, device }, freezing);
    } finally {
      await mounts.unmount(path);
    }
  } finally {
    await rmdir(path);
  }
}
