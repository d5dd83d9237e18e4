import { groupReasons, reasons } from "../../api/reasons.ts";
import type { SnapshotError } from "../../api/snapshot/types.ts";
import type { EventValue } from "../../kube/controller/plan.ts";
import type { KubeObject } from "../../kube/object.ts";
import { sentence } from "../../lib/sentence.ts";

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

/** What a sidecar has said on a content of what it could not do; another's may leave the words out. */
export function troubleToldBy(
  content: KubeObject & { readonly status?: { readonly error?: SnapshotError } },
): string | undefined {
  const error = content.status?.error;
  if (!error) return undefined;
  return (
    error.message ||
    `the sidecar reported an error without a message on ${content.kind} "${content.metadata.name}"; see its log`
  );
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
  const stage = stages.findIndex((reached) => reached.includes(reason));
  return { type: "Normal", reason, message: sentence(message), regarding, ...(stage >= 0 && { stage }) };
}

/** What is said, in this order, of a life in which all goes well. */
const stages: readonly (readonly string[])[] = [
  [groupReasons.creating, reasons.creating],
  [groupReasons.created, reasons.created],
  [groupReasons.ready, reasons.ready],
];
