import { expect, test } from "vitest";
import type { Asked, BothServers } from "../both-servers.ts";
import { gearOf } from "./gears.ts";

let both: BothServers | undefined;

/** The servers of the file that runs the cases; known once it has started them. */
export function use(servers: BothServers): void {
  both = servers;
}

export function bothNow(): BothServers {
  if (!both) throw new Error("no servers yet: call use() before the first case");
  return both;
}

/** A case is what is asked; what is expected is what the real server answers. */
export function same(
  title: string,
  name: string,
  steps: (gear: ReturnType<typeof gearOf>, server: Asked) => Promise<unknown>,
) {
  test(title, async () => {
    const { embedded, real } = await bothNow().run((server) => steps(gearOf(server, name), server));
    expect(real.length).toBeGreaterThan(1);
    expect(embedded).toEqual(real);
  });
}
