import type { BlockEngine } from "../block/block-engine.ts";
import type { CutEngine } from "./cut-engine.ts";

/**
 * No root, any filesystem: all I/O of the volumes goes through the block engine, which closes a gate over the members.
 *
 * Its cut is one instant for the clients of the sockets, at the device: what a filesystem on it has not written out is
 * not in it, as after a power cut.
 */
export function userlandEngine(deps: { readonly block: BlockEngine; readonly reflink: boolean }): CutEngine {
  const { block, reflink } = deps;
  return {
    name: "userland",
    sharesBlocks: reflink,
    async cut(id, members) {
      const { takenAt, copied } = await block.cut({ id, members, reflink });
      return { takenAt, copied, consistency: "crash" };
    },
    async clone(image, target) {
      const { copied } = await block.cut({ id: target, members: [{ image, target }], reflink });
      await copied;
    },
  };
}
