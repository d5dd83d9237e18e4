import type { BlockEngine } from "../block/block-engine.ts";
import type { CutEngine } from "./cut-engine.ts";

/**
 * No root, any filesystem: all I/O of the volumes goes through the block engine, which closes a gate over the members.
 *
 * Its cut is one instant for the clients of the sockets, at the device: what a filesystem on it has not written out is
 * not in it, as after a power cut.
 */
export function userlandEngine(deps: {
  readonly block: BlockEngine;
  readonly canReflink: () => Promise<boolean>;
}): CutEngine {
  let reflink = false;
  return {
    name: "userland",
    async probe() {
      reflink = await deps.canReflink();
      return { works: true, finding: reflink ? "shares blocks (reflink)" : "copies on write" };
    },
    async cut(id, members) {
      const { takenAt, copied } = await deps.block.cut({ id, members, reflink });
      return { takenAt, copied, consistency: "crash" };
    },
  };
}
