import type { Finding } from "../finding.ts";
import type { Observed } from "../observed.ts";

/** The driver that the doctor was told to ask. */
export function checkDriver({ asked }: Observed): readonly Finding[] {
  if (asked === undefined) return [];
  const on = `CSI driver ${asked.name ?? "at"} ${asked.address}`;
  const silent: Finding = {
    severity: "error",
    reason: "DriverSilent",
    on,
    what: `it does not work: ${asked.trouble}`,
    mend: "see that it runs, read its log, and see that --csi-address names its socket",
  };
  const filling: Finding = {
    severity: "warning",
    reason: "PoolFillsUp",
    on,
    what: `its pool has ${asked.manifest.poolFreeBytes} bytes left, ${asked.manifest.poolReserveBytes} of them a reserve in which nothing new is made`,
    mend: "delete snapshots or volumes, or make the pool larger",
  };
  return [...(asked.trouble === undefined ? [] : [silent]), ...(asked.manifest.poolIsLow === "true" ? [filling] : [])];
}
