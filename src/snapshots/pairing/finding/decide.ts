import { managedBy } from "../../../api/labels.ts";
import { again, type Next, nothing, onChange, type Plan } from "../../../kube/controller/plan.ts";
import type { KubeObject, Resource } from "../../../kube/object.ts";
import type { ObjectAction } from "../action.ts";
import { warning } from "../obstacle.ts";

/** What the driver beside this sidecar has said of a snapshot. */
export type Answer = "here" | "elsewhere";

export interface FindingSeen<Content extends KubeObject> {
  readonly content: Content;
  readonly resource: Resource<Content>;
  readonly nodeName: string;
  /** The reason of the event that tells that it goes unfound. */
  readonly unfoundReason: string;
  /** What the driver may know of the content; undefined where there is nothing to ask it. */
  readonly wanted: Wanted | undefined;
  readonly answer: Answer | undefined;
  readonly now: Date;
}

/** What is to be found. */
export interface Wanted {
  readonly handle: string;
  /** Whose secrets the question carries. */
  readonly className?: string | undefined;
  /** The content is being deleted, and nobody but a sidecar holds it any more. */
  readonly isReleased: boolean;
  /** Nothing can be left on a storage if it goes unfound: it is to be retained, or no driver ever knew it. */
  readonly mayGoUnfound: boolean;
}

export type FindingAction<Content extends KubeObject> =
  | ObjectAction
  /** Asks the driver; its answer is remembered. */
  | { readonly do: "ask"; readonly content: Content; readonly handle: string }
  | { readonly do: "forget"; readonly content: Content };

/** A driver that does not have it is asked again after 1 s, 2 s, … and then this often: a restored pool may bring it. */
const pollLiving: Next = { when: "poll", capMs: 300_000 };
const pollReleased: Next = { when: "poll", capMs: 60_000 };
/** For so long after its deletion a content waits for a node that knows its snapshot: sidecars may be starting anew. */
export const patienceMs = 300_000;

/**
 * Labels a content with this node, if the driver here has what it stands for. The label makes it the work of this node's
 * sidecar, whose ordinary watch shows it then, and goes on only if nobody has touched the content since it was read.
 */
export function decideFinding<Content extends KubeObject>(seen: FindingSeen<Content>): Plan<FindingAction<Content>> {
  const { content, wanted, answer } = seen;
  if (!wanted) return nothing("NothingToFind");
  switch (answer) {
    case undefined:
      return { reason: "AskForSnapshot", steps: [[{ do: "ask", content, handle: wanted.handle }]], next: again };
    case "here":
      return { reason: "TakeContent", steps: [[labelling(seen)]], next: onChange };
    case "elsewhere":
      return isGivenUp(seen, wanted) ? giveUp(seen, wanted) : waiting(content, wanted);
    default:
      return answer satisfies never;
  }
}

function waiting<Content extends KubeObject>(content: Content, wanted: Wanted): Plan<FindingAction<Content>> {
  const next = wanted.isReleased ? pollReleased : pollLiving;
  return { reason: "SnapshotIsElsewhere", steps: [[{ do: "forget", content }]], next };
}

function isGivenUp<Content extends KubeObject>({ content, now }: FindingSeen<Content>, wanted: Wanted): boolean {
  const since = content.metadata.deletionTimestamp;
  if (since === undefined || !wanted.isReleased || !wanted.mayGoUnfound) return false;
  return now.getTime() - Date.parse(since) >= patienceMs;
}

/** Whoever labels it first lets it go as its own, which a driver that has nothing answers with OK. */
function giveUp<Content extends KubeObject>(seen: FindingSeen<Content>, wanted: Wanted): Plan<FindingAction<Content>> {
  const message =
    `no node that answered within ${patienceMs / 60_000} minutes has snapshot "${wanted.handle}", so this object goes ` +
    "without it; should a node that was away have it, delete it there";
  const events = [warning(seen.content, { reason: seen.unfoundReason, message })];
  return { reason: "GiveUpFinding", steps: [[labelling(seen)]], next: onChange, events };
}

function labelling<Content extends KubeObject>({ content, resource, nodeName }: FindingSeen<Content>): ObjectAction {
  const change = { labels: { [managedBy]: nodeName }, ifUnchanged: true };
  return { do: "change", resource, object: content, change };
}
