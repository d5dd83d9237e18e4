import type { Client } from "../../kube/client/client.ts";
import type { Clock } from "../../lib/clock.ts";

/** What it takes to look at a cluster. */
export interface Looking {
  readonly client: Client;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}
