import { type Capabilities, capabilitiesOf } from "../csi/capabilities.ts";
import { type Csi, connect } from "../csi/client.ts";
import { waitUntilReady } from "../csi/ready.ts";
import { onAbort } from "../lib/abort.ts";
import type { CsiMetrics } from "./csi-metrics.ts";
import type { Permit } from "./leading.ts";
import type { Surroundings } from "./surroundings.ts";

/** Who a driver is rarely takes longer to say; a driver that is not there yet is waited for by `waitUntilReady`. */
const introductionMs = 10_000;

/** A driver that answers, and all it says it can do. Waits for it as long as the process lives. `closedWith` ends it. */
export async function connectDriver(
  address: string,
  around: Surroundings,
  { metrics, permit }: { readonly metrics?: CsiMetrics | undefined; readonly permit?: Permit } = {},
): Promise<{ readonly csi: Csi; readonly capabilities: Capabilities }> {
  const { clock } = around;
  const csi = connect({ address, clock, ...(metrics && { onCall: metrics.onCall }), ...(permit && { permit }) });
  const call = { signal: around.signal, timeoutMs: introductionMs };
  try {
    await waitUntilReady(csi, { ...call, clock });
    const capabilities = await capabilitiesOf(csi, call);
    metrics?.named(capabilities.driver);
    return { csi, capabilities };
  } catch (error) {
    csi.close();
    throw error;
  }
}

/** Closes the connection to a driver when the work that uses it is over. */
export function closedWith(signal: AbortSignal, { csi }: { readonly csi: Csi }): void {
  onAbort(signal, () => csi.close());
}
