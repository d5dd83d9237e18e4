import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** What a controller counts; every call is cheap and cannot fail. */
export interface ControllerMetrics {
  depth(keys: number): void;
  added(): void;
  /** A key was added again after a failure. */
  retried(): void;
  /** From the moment a key was added to that in which a worker took it. */
  waited(ms: number): void;
  /** One reconcile ended. */
  worked(ms: number, plan: { readonly reason: string; readonly outcome: Outcome }): void;
}

/** How a reconcile ended. `held`: it waits for its time; `bug`: our own code threw. */
export type Outcome = "done" | "idle" | "held" | "gone" | "conflict" | "failed" | "bug" | "stopped";

export const noMetrics: ControllerMetrics = {
  depth: () => undefined,
  added: () => undefined,
  retried: () => undefined,
  waited: () => undefined,
  worked: () => undefined,
};

/** As client-go's work queues are bucketed: from a microsecond to ten seconds. */
const buckets = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10];

/** Metrics of all controllers in one registry, under client-go's names where it has one. @returns those of one controller */
export function prometheusMetrics(registry: Registry): (name: string) => ControllerMetrics {
  const registers = [registry];
  const labelNames = ["name"] as const;
  const depth = new Gauge({ name: "workqueue_depth", help: "Keys that wait", labelNames, registers });
  const adds = new Counter({ name: "workqueue_adds_total", help: "Keys added", labelNames, registers });
  const retries = new Counter({ name: "workqueue_retries_total", help: "Keys added again", labelNames, registers });
  const waits = new Histogram({
    name: "workqueue_queue_duration_seconds",
    help: "How long a key waits",
    labelNames,
    buckets,
    registers,
  });
  const works = new Histogram({
    name: "workqueue_work_duration_seconds",
    help: "How long a key is worked on",
    labelNames,
    buckets,
    registers,
  });
  const reconciles = new Counter({
    name: "controller_reconcile_total",
    help: "Reconciles by the reason of their plan and how they ended",
    labelNames: ["name", "reason", "outcome"] as const,
    registers,
  });
  return (name) => {
    const [theDepth, theAdds, theRetries] = [depth.labels(name), adds.labels(name), retries.labels(name)];
    const [theWaits, theWorks] = [waits.labels(name), works.labels(name)];
    theDepth.set(0); // what is there from the start can be seen to grow
    theAdds.inc(0);
    theRetries.inc(0);
    return {
      depth: (keys) => theDepth.set(keys),
      added: () => theAdds.inc(),
      retried: () => theRetries.inc(),
      waited: (ms) => theWaits.observe(ms / 1000),
      worked: (ms, { reason, outcome }) => {
        theWorks.observe(ms / 1000);
        reconciles.labels(name, reason, outcome).inc();
      },
    };
  };
}
