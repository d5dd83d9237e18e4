import type { Failed } from "../../kube/controller/controller.ts";
import { onChange, type Plan } from "../../kube/controller/plan.ts";
import type { Code } from "../../lib/failure.ts";
import { reasons, warning } from "../events.ts";
import type { ReleasingAction, ReleasingSeen } from "./decide.ts";

/** For about a quarter of a minute. */
const attemptsUnsaid = 4;
/** What CSI has a driver answer of a volume that is in use, or is just being let go. */
const inUse: ReadonlySet<Code> = new Set<Code>(["busy", "precondition"]);

/**
 * How a volume that could not be deleted is shown.
 *
 * A claim may go when the last pod has let go of its volume; the kubelet unstages that only afterwards. So the first calls often
 * come while the node still holds it, which is no news to anybody, unless it lasts.
 */
export function showFailure(
  { volume }: Pick<ReleasingSeen, "volume">,
  { failure, attempts }: Pick<Failed, "failure" | "attempts">,
): Plan<ReleasingAction> {
  const passes = attempts <= attemptsUnsaid && inUse.has(failure.code);
  const events = passes ? [] : [warning(volume, reasons.deletionFailed, failure.message)];
  return { reason: reasons.deletionFailed, steps: [], next: onChange, events };
}
