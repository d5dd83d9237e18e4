import { managedBy } from "../../../api/labels.ts";
import { retryOf } from "../../../csi/status.ts";
import type { Cache } from "../../../kube/cache/cache.ts";
import type { ActContext, Reconciler } from "../../../kube/controller/controller.ts";
import { nothing } from "../../../kube/controller/plan.ts";
import { type KubeObject, keyOf, type Resource } from "../../../kube/object.ts";
import { type Code, isFailure } from "../../../lib/failure.ts";
import { actOn } from "../action.ts";
import { warning } from "../obstacle.ts";
import { type Answer, decideFinding, type FindingAction, type FindingSeen, type Wanted } from "./decide.ts";

/** The contents that nobody has labelled with a node. */
export const unlabelled = `!${managedBy}`;

/** How contents of one kind are looked for. */
export interface Finding<Content extends KubeObject> {
  /** Names the queue. */
  readonly name: string;
  readonly resource: Resource<Content>;
  /** Those that are `unlabelled`. */
  readonly contents: Cache<Content>;
  readonly nodeName: string;
  /** Of the events that tell what went wrong: the driver could not be asked; nobody has it. */
  readonly reasons: { readonly checkFailed: string; readonly contentDeletion: string };
  /** What the driver here may know of a content; undefined for one of another driver, or that names nothing yet. */
  wantedOf(content: Content): Wanted | undefined;
  /** Asks the driver. @throws Failure "notFound" where it has nothing of that handle */
  ask(content: Content, context: ActContext): Promise<unknown>;
}

/**
 * Where sidecars run on every node: finds, among the contents that carry no node's label, those whose snapshot the driver of
 * this node has. An admin who brings a content need not know where its snapshot is.
 */
export function contentFinder<Content extends KubeObject>(
  finding: Finding<Content>,
): Reconciler<Content, FindingSeen<Content>, FindingAction<Content>> {
  const { resource, nodeName, reasons } = finding;
  const fixed = { resource, nodeName, unfoundReason: reasons.contentDeletion };
  const answers = new Map<string, Answer>();
  const remember = ({ metadata }: Content, answer: Answer) => {
    const isLeft = finding.contents.get(keyOf(metadata))?.metadata.uid === metadata.uid; // another node may have been faster
    if (isLeft) answers.set(metadata.uid, answer);
  };
  return {
    name: finding.name,
    kind: finding.contents,
    watches: [],
    observe: (content, { now }) => {
      const answer = answers.get(content.metadata.uid);
      return { ...fixed, content, wanted: finding.wantedOf(content), answer, now };
    },
    decide: decideFinding,
    async act(action, context) {
      if (action.do === "ask") remember(action.content, await answerOf(action.content, finding, context));
      else if (action.do === "forget") answers.delete(action.content.metadata.uid);
      else await actOn(action, context);
    },
    onFailure: ({ content }, { failure }) => ({
      ...nothing("FindingFailed"),
      events: passing.has(failure.code)
        ? []
        : [warning(content, { reason: reasons.checkFailed, message: failure.message })],
    }),
    factsOf: ({ wanted }) => ({ wanted }),
    retryOf,
    gone: ({ metadata }) => void answers.delete(metadata.uid),
  };
}

/** Trouble that is nobody's: another was first, or the driver is at it. */
const passing: ReadonlySet<Code> = new Set<Code>(["conflict", "cancelled", "busy"]);

async function answerOf<Content extends KubeObject>(
  content: Content,
  { ask }: Finding<Content>,
  context: ActContext,
): Promise<Answer> {
  try {
    await ask(content, context);
    return "here";
  } catch (error) {
    if (isFailure(error, "notFound")) return "elsewhere";
    throw error;
  }
}
