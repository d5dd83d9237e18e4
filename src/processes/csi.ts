import { type Capabilities, capabilitiesOf } from "../csi/capabilities.ts";
import { type Csi, connect } from "../csi/client.ts";
import { waitUntilReady } from "../csi/ready.ts";
import { sameDriver } from "../csi/same-driver.ts";
import { onAbort } from "../lib/abort.ts";
import { failureOf } from "../lib/failure.ts";
import type { Metrics } from "./http-endpoint.ts";
import type { Permit } from "./leading.ts";
import type { Surroundings } from "./surroundings.ts";

/** One round of asking a driver who it is: longer than it takes one that is there. */
const introductionMs = 10_000;
/** After a round that failed. */
const pauseMs = 1_000;

/**
 * A driver that answers, and all it says it can do. Waits for it as long as the process lives, and says why; `closedWith`
 * ends it. Should another driver answer at the address later, calls fail until the first is back.
 */
export async function connectDriver(
  address: string,
  around: Surroundings,
  { metrics, permit }: { readonly metrics?: Metrics | undefined; readonly permit?: Permit } = {},
): Promise<{ readonly csi: Csi; readonly capabilities: Capabilities }> {
  const { clock } = around;
  const csi = connect({ address, clock, ...(metrics && { onCall: metrics.csi.onCall }), ...(permit && { permit }) });
  const tell = troubleWith(csi, around, metrics);
  try {
    const capabilities = await introduced(csi, around, tell);
    tell(undefined);
    metrics?.csi.named(capabilities.driver);
    return { csi: sameDriver(csi, capabilities.driver, tell), capabilities };
  } catch (error) {
    csi.close();
    throw error;
  }
}

/** Asks until the driver has said who it is. @throws the signal's reason */
async function introduced(csi: Csi, { clock, signal }: Surroundings, tell: Tell): Promise<Capabilities> {
  const call = { signal, timeoutMs: introductionMs };
  for (;;) {
    try {
      await waitUntilReady(csi, { ...call, clock, onWait: tell });
      return await capabilitiesOf(csi, call);
    } catch (error) {
      signal.throwIfAborted();
      tell(failureOf(error).message);
    }
    await clock.sleep(pauseMs, signal);
  }
}

type Tell = (why: string | undefined) => void;

/** Says what is wrong with the driver, once, in the log; and at /readyz as long as it is so. */
function troubleWith({ address }: Csi, { log }: Surroundings, metrics: Metrics | undefined): Tell {
  let trouble: string | undefined = "it has not answered yet";
  metrics?.health.ready("csi-driver", () => trouble);
  const remedy = "check that the driver runs, and that --csi-address names its socket";
  return (why) => {
    if (why === trouble) return;
    if (why === undefined) log.info({ socket: address }, "the CSI driver answers");
    else log.warn({ socket: address, why }, `waiting for the CSI driver: ${remedy}`);
    trouble = why;
  };
}

/** Closes the connection to a driver when the work that uses it is over. */
export function closedWith(signal: AbortSignal, { csi }: { readonly csi: Csi }): void {
  onAbort(signal, () => csi.close());
}
