import type { SnapshotError } from "../../api/snapshot/types.ts";
import type { EventValue } from "../../kube/controller/plan.ts";
import type { KubeObject } from "../../kube/object.ts";

/** Why a request cannot go on: expected trouble, shown on the object, as an event and as a metric. */
export interface Obstacle {
  /** The event's reason: one of `api/reasons.ts`, or one of our own. */
  readonly reason: string;
  /** What was tried, on what, and what to do. Nothing that changes from try to try. */
  readonly message: string;
}

/** The error for an object's status. What was said before keeps its time, so that saying it again changes nothing. */
export function errorOf(said: string, now: Date, before: SnapshotError | undefined): SnapshotError {
  const message = sentence(said);
  if (before?.message === message && before.time !== undefined) return before;
  return { time: timeOf(now), message };
}

/** True when the request's status says so already. */
export function isToldOn(
  request: { readonly status?: { readonly error?: SnapshotError } },
  obstacle: Obstacle,
): boolean {
  return request.status?.error?.message === sentence(obstacle.message);
}

/** A moment as Kubernetes writes it: RFC 3339, whole seconds. */
export function timeOf(moment: Date): string {
  return moment.toISOString().replace(/\.\d+Z$/, "Z");
}

export function warning(regarding: KubeObject, { reason, message }: Obstacle): EventValue {
  return { type: "Warning", reason, message: sentence(message), regarding };
}

export function notice(regarding: KubeObject, reason: string, message: string): EventValue {
  return { type: "Normal", reason, message: sentence(message), regarding };
}

/** What users read begins with a capital letter, as Kubernetes' own texts do; names of fields and drivers stay as they are. */
function sentence(message: string): string {
  return message.replace(/^[a-z](?=[a-z]* )/, (first) => first.toUpperCase());
}
