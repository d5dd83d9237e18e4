import { Gauge, type Registry } from "prom-client";

/** Tells, whenever somebody asks, whether this process leads by a lease. */
export type ElectionMetrics = (lease: string, leads: () => boolean) => void;

/** The gauge of client-go, which upstream's programs leave without a name. */
export function electionMetrics(registry: Registry): ElectionMetrics {
  return (lease, leads) => {
    const labelNames = ["name"] as const;
    new Gauge({
      name: "leader_election_master_status",
      help: "1 while this process leads, 0 while it does not, by lease",
      labelNames,
      registers: [registry],
      collect() {
        this.set({ name: lease }, leads() ? 1 : 0);
      },
    });
  };
}
