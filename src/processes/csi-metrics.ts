import { Histogram, type Registry } from "prom-client";
import type { CallEnded } from "../csi/client.ts";

/** Counts calls to a driver, as every sidecar of Kubernetes does. */
export interface CsiMetrics {
  onCall(call: CallEnded): void;
  /** The driver has said who it is: its calls are counted under this name from now on. */
  named(driver: string): void;
}

/** Seconds: from an answer out of memory to a snapshot that is copied. */
const buckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600];

/** The histogram of csi-lib-utils, under its name and with its labels, so that dashboards go on. */
export function csiMetrics(registry: Registry): CsiMetrics {
  const seconds = new Histogram({
    name: "csi_sidecar_operations_seconds",
    help: "How long calls to the CSI driver took, by how they ended",
    labelNames: ["driver_name", "method_name", "grpc_status_code"] as const,
    buckets,
    registers: [registry],
  });
  let driver = "unknown-driver";
  return {
    onCall: ({ path, status, tookMs }) => seconds.labels(driver, path, inGo(status)).observe(tookMs / 1000),
    named: (name) => {
      driver = name;
    },
  };
}

/** A status as Go names it: DEADLINE_EXCEEDED is DeadlineExceeded. */
function inGo(status: string): string {
  if (status === "OK") return status;
  if (status === "CANCELLED") return "Canceled";
  return status.replace(/([A-Z])([A-Z]*)_?/g, (_word, first: string, rest: string) => first + rest.toLowerCase());
}
