import type { Access } from "./access/access.ts";
import type { Topology } from "./answer.ts";
import type { Pool } from "./pool/pool.ts";

/** What CSI's services work with. */
export interface ServiceDeps {
  readonly pool: Pool;
  /** This machine, as the cluster calls it. */
  readonly nodeId: string;
  readonly topology: Topology;
  /** See `Access`. */
  readonly growsFilesystems: boolean;
  usage: Access["usage"];
}
