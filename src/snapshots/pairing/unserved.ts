import type { Cache } from "../../kube/cache/cache.ts";
import type { Reconciler } from "../../kube/controller/controller.ts";
import { type Next, nothing, type Plan } from "../../kube/controller/plan.ts";
import type { KubeObject } from "../../kube/object.ts";
import { type Obstacle, warning } from "./obstacle.ts";

/** A kind that is needed and not served. Its cache is empty, which says nothing about what there is. */
export interface Unserved<T> {
  readonly unserved: string;
  readonly object: T;
  readonly now: Date;
}

interface Needs<T, Action> {
  /** The kinds without which nothing can be decided about this object. */
  of(object: T): readonly Pick<Cache<KubeObject>, "unserved">[];
  /** How it is shown on the object; as an event when absent. */
  show?(object: T, obstacle: Obstacle, now: Date): Plan<Action>;
}

/** That a kind is served at last is no change of an object, so nothing wakes those that wait for it. */
const poll: Next = { when: "poll", capMs: 30_000 };

/**
 * A reconciler that does nothing about an object but say why, while a kind that it needs is not served. Whoever took an empty
 * cache for an answer would call requests gone, and delete what was made for them.
 */
export function needing<T extends KubeObject, Seen extends object, Action>(
  reconciler: Reconciler<T, Seen, Action>,
  needs: Needs<T, Action>,
): Reconciler<T, Seen | Unserved<T>, Action> {
  const show =
    needs.show ?? ((object, obstacle) => ({ ...nothing(obstacle.reason), events: [warning(object, obstacle)] }));
  return {
    ...reconciler,
    observe(object, context) {
      const [unserved] = needs.of(object).flatMap((cache) => cache.unserved ?? []);
      return unserved === undefined ? reconciler.observe(object, context) : { unserved, object, now: context.now };
    },
    decide(seen) {
      if (!isUnserved(seen)) return reconciler.decide(seen);
      return { ...show(seen.object, { reason: "KindNotServed", message: seen.unserved }, seen.now), next: poll };
    },
    onFailure: (seen, failed) => (isUnserved(seen) ? nothing("TryAgain") : reconciler.onFailure(seen, failed)),
    factsOf: (seen) => (isUnserved(seen) ? { unserved: seen.unserved } : reconciler.factsOf(seen)),
  };
}

function isUnserved<T>(seen: object): seen is Unserved<T> {
  return "unserved" in seen;
}
