import { nbdAccess } from "../access/nbd-access.ts";
import type { SupervisedEngine } from "../block/supervised-engine.ts";
import type { PoolFiles } from "../pool/files.ts";
import type { Layout } from "../pool/layout.ts";
import type { Candidate } from "./pick.ts";
import { userlandEngine } from "./userland.ts";

/** The userland engine, which works everywhere. */
export function userlandCandidate(deps: {
  readonly layout: Layout;
  readonly files: PoolFiles;
  readonly startEngine: () => SupervisedEngine;
}): Candidate {
  const { layout, files, startEngine } = deps;
  const canReflink = () => files.canReflink(layout.pool);
  return {
    name: "userland",
    access: "nbd",
    probe: async () => ({
      works: true,
      finding: (await canReflink()) ? "shares blocks (reflink)" : "copies on write",
    }),
    async open() {
      const block = startEngine();
      const access = nbdAccess({ layout, block });
      try {
        await block.ready();
        return { cutter: userlandEngine({ block, reflink: await canReflink() }), access };
      } catch (error) {
        await access.close();
        throw error;
      }
    },
  };
}
