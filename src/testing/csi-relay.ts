import { type Csi, connect } from "../csi/client.ts";
import { serve } from "../csi/server.ts";
import type { CsiCall, Serving } from "../csi/service.ts";

/** Stands between a sidecar and a driver, on a socket of its own. */
export interface CsiRelay {
  /** The calls so far: "createVolumeGroupSnapshot". */
  readonly calls: readonly string[];
  /** Its own client of the driver. */
  readonly csi: Csi;
  /** What happens to each call from now on: `pass` makes it. What it throws is the answer. Nothing, if it is absent. */
  fault: ((method: string, pass: () => Promise<object>) => Promise<object>) | undefined;
  close(): Promise<void>;
}

/** Longer than any driver here takes. */
const timeoutMs = 30_000;

type Relayed = (request: object, serving: Serving) => Promise<object>;

/** Serves at `address` what the driver at `driver` answers, whenever it is there. */
export async function csiRelay(options: { readonly address: string; readonly driver: string }): Promise<CsiRelay> {
  const csi = connect({ address: options.driver });
  const calls: string[] = [];
  const relayed = (service: object) =>
    Object.fromEntries(
      Object.entries(service).map(([name, call]: [string, (request: object, call: CsiCall) => Promise<object>]) => {
        const handle: Relayed = (request, { signal, tell }) => {
          calls.push(name);
          const pass = () => call(request, { signal, timeoutMs, onMetadata: tell });
          return relay.fault ? relay.fault(name, pass) : pass();
        };
        return [name, handle];
      }),
    );
  const server = await serve({
    address: options.address,
    identity: relayed(csi.identity),
    controller: relayed(csi.controller),
    groupController: relayed(csi.groupController),
  });
  const relay: CsiRelay = {
    calls,
    csi,
    fault: undefined,
    close: async () => {
      csi.close();
      await server.stop(0);
    },
  };
  return relay;
}
