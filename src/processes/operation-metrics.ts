import { Gauge, Histogram, type Registry } from "prom-client";
import type { OperationMetrics } from "../snapshots/operations/ledger.ts";

/** Seconds: from a cut that is taken at once to one that the storage copies for minutes. */
const buckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600];

/** What the snapshot-controller counts of users' operations, under the names and labels that dashboards know. */
export function operationMetrics(registry: Registry): OperationMetrics {
  const registers = [registry];
  const seconds = new Histogram({
    name: "snapshot_controller_operation_total_seconds",
    help: "Seconds from the moment in which a user asked for an operation to its end, by how it ended",
    labelNames: ["driver_name", "operation_name", "snapshot_type", "operation_status"] as const,
    buckets,
    registers,
  });
  const inFlight = new Gauge({
    name: "snapshot_controller_operations_in_flight",
    help: "Operations that have begun and not ended",
    registers,
  });
  return {
    inFlight: (count) => inFlight.set(count),
    ended: ({ driver, name, type, status, tookMs }) =>
      seconds.labels(driver, name, type, status).observe(tookMs / 1000),
  };
}
