import { type Capabilities, capabilitiesOf } from "../csi/capabilities.ts";
import { type Csi, connect } from "../csi/client.ts";
import { waitUntilReady } from "../csi/ready.ts";
import type { CsiMetrics } from "./csi-metrics.ts";
import type { Surroundings } from "./surroundings.ts";

/** Who a driver is rarely takes longer to say; a driver that is not there yet is waited for by `waitUntilReady`. */
const introductionMs = 10_000;

/** A driver that answers, and all it says it can do. Waits for it as long as the process lives. */
export async function connectDriver(
  address: string,
  around: Surroundings,
  metrics?: CsiMetrics,
): Promise<{ readonly csi: Csi; readonly capabilities: Capabilities }> {
  const csi = connect({ address, clock: around.clock, ...(metrics && { onCall: metrics.onCall }) });
  around.signal.addEventListener("abort", () => csi.close(), { once: true });
  const call = { signal: around.signal, timeoutMs: introductionMs };
  await waitUntilReady(csi, { ...call, clock: around.clock });
  const capabilities = await capabilitiesOf(csi, call);
  metrics?.named(capabilities.driver);
  return { csi, capabilities };
}
