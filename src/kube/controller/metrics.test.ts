import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { prometheusMetrics } from "./metrics.ts";

test("controllers are counted under client-go's names, each by its own", async () => {
  const registry = new Registry();
  const metrics = prometheusMetrics(registry);
  const groups = metrics("groups");
  metrics("contents").added();
  groups.depth(3);
  groups.added();
  groups.retried();
  groups.waited(5);
  groups.worked(20, { reason: "Bind", outcome: "done" });
  const text = await registry.metrics();
  for (const line of [
    'workqueue_depth{name="groups"} 3',
    'workqueue_adds_total{name="groups"} 1',
    'workqueue_adds_total{name="contents"} 1',
    'workqueue_retries_total{name="groups"} 1',
    'workqueue_queue_duration_seconds_bucket{le="0.01",name="groups"} 1',
    'workqueue_work_duration_seconds_sum{name="groups"} 0.02',
    'controller_reconcile_total{name="groups",reason="Bind",outcome="done"} 1',
  ])
    expect(text).toContain(line);
});
