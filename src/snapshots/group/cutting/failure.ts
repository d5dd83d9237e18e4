import { groupReasons } from "../../../api/reasons.ts";
import type { Failed } from "../../../kube/controller/controller.ts";
import { nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import { warning } from "../../pairing/obstacle.ts";
import { type ContentAction, contentError } from "./decide.ts";
import type { ContentSeen } from "./observe.ts";

/** ABORTED says that the driver is at it. Only when it has been for about half a minute is that worth a line to the user. */
const busyAttemptsUnsaid = 5;

const reasonByAction: Readonly<Record<string, string>> = {
  cut: groupReasons.creationFailed,
  ask: groupReasons.checkFailed,
  recall: groupReasons.deletionFailed,
  deleteCut: groupReasons.deletionFailed,
};

/** How a call that the driver did not do is shown on the content; the controller shows it on the group. */
export function showFailure(seen: ContentSeen, { failure, action, attempts }: Failed): Plan<ContentAction> {
  const reason = reasonByAction[action];
  const isAtIt = failure.code === "busy" && attempts <= busyAttemptsUnsaid;
  if (reason === undefined || failure.code === "cancelled" || isAtIt) return nothing("TryAgain");
  return {
    reason,
    steps: contentError(seen, failure.message),
    next: onChange,
    events: [warning(seen.content, { reason, message: failure.message })],
  };
}
