import { Gauge, type Registry } from "prom-client";
import type { Driver } from "../driver/driver.ts";

/** Tells, whenever somebody asks, how the driver's pool stands. */
export type StorageMetrics = (driver: Pick<Driver, "engine" | "report">) => void;

/** Bytes of `groupsnap_pool_bytes`, by what they are. */
const kinds = { total: "totalBytes", free: "freeBytes", reserve: "reserveBytes", deleted: "deletedBytes" } as const;

export function storageMetrics(registry: Registry): StorageMetrics {
  const registers = [registry];
  return ({ engine, report }) => {
    const labelNames = ["engine"] as const;
    const inUse = new Gauge({ name: "groupsnap_engine", help: "1 for the cut engine in use", labelNames, registers });
    inUse.set({ engine: engine.name }, 1);
    new Gauge({
      name: "groupsnap_pool_bytes",
      help: "The pool's filesystem: all of it, what is free, what of that is kept, what is deleted and not free yet",
      labelNames: ["kind"] as const,
      registers,
      async collect() {
        const now = await report();
        for (const [kind, field] of Object.entries(kinds)) this.set({ kind }, now[field]);
      },
    });
    new Gauge({
      name: "groupsnap_pool_low",
      help: "1 while less than twice the reserve is free",
      registers,
      async collect() {
        this.set((await report()).isLow ? 1 : 0);
      },
    });
    new Gauge({
      name: "groupsnap_snapshot_exclusive_bytes",
      help: "What a snapshot alone takes up now; looked at once a minute",
      labelNames: ["snapshot_id"] as const,
      registers,
      async collect() {
        const { snapshots } = await report();
        this.reset();
        for (const { id, exclusiveBytes } of snapshots) this.set({ snapshot_id: id }, exclusiveBytes);
      },
    });
  };
}
