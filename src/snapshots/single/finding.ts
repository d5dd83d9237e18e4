import { isProblem, parseClassParameters } from "../../api/class-parameters.ts";
import type { SnapshotHandle } from "../../api/handles.ts";
import { reasons } from "../../api/reasons.ts";
import { contents } from "../../api/snapshot/resources.ts";
import type { SnapshotContent } from "../../api/snapshot/types.ts";
import type { Cache } from "../../kube/cache/cache.ts";
import type { ActContext, Reconciler } from "../../kube/controller/controller.ts";
import { Failure } from "../../lib/failure.ts";
import { contentFinder } from "../pairing/finding/controller.ts";
import type { FindingAction, FindingSeen, Wanted } from "../pairing/finding/decide.ts";
import { checked, type Line } from "./cutting/act.ts";
import { askingOf, type Knowledge, secretFor } from "./cutting/observe.ts";
import { isReleased, type Work } from "./cutting/work.ts";

interface Deps extends Knowledge, Line {
  /** Those that carry no node's label. */
  readonly unlabelled: Cache<SnapshotContent>;
  readonly nodeName: string;
}

/** Finds the snapshots of this node's driver among the contents that nobody has labelled. */
export function singleFinder(
  deps: Deps,
): Reconciler<SnapshotContent, FindingSeen<SnapshotContent>, FindingAction<SnapshotContent>> {
  return contentFinder({
    name: "csi-snapshotter-content-finder",
    resource: contents,
    contents: deps.unlabelled,
    nodeName: deps.nodeName,
    reasons,
    wantedOf: (content) => (content.spec.driver === deps.capabilities.driver ? wantedOf(content) : undefined),
    ask: (content, context) => ask(content, deps, context),
  });
}

/** True if the driver can be asked whether it has a snapshot. One that can only create answers for nothing. */
export function canFindSingles({ controller }: Knowledge["capabilities"]): boolean {
  return controller.has("GET_SNAPSHOT") || controller.has("LIST_SNAPSHOTS");
}

/** What an admin has brought; or what was cut before sidecars ran on every node. */
function wantedOf(content: SnapshotContent): Wanted | undefined {
  const handle = handleOf(content);
  if (handle === undefined) return undefined;
  const mayGoUnfound = content.spec.deletionPolicy === "Retain" || content.status?.snapshotHandle === undefined;
  const className = content.spec.volumeSnapshotClassName;
  return { handle, className, isReleased: isReleased(content), mayGoUnfound };
}

function handleOf({ spec, status }: SnapshotContent): SnapshotHandle | undefined {
  return spec.source.snapshotHandle ?? status?.snapshotHandle;
}

async function ask(content: SnapshotContent, deps: Deps, context: ActContext): Promise<void> {
  const handle = handleOf(content);
  if (handle === undefined) return;
  const work: Work = { kind: "check", handle, volume: undefined };
  const asking = askingOf(work, deps.capabilities.controller);
  const parameters = parseClassParameters(deps.classes.get(content.spec.volumeSnapshotClassName ?? "")?.parameters);
  const secret = await secretFor({ content, work, asking, parameters }, context);
  if (isProblem(secret)) throw new Failure("unavailable", secret.problem);
  const request = { parameters: {}, secrets: secret.values };
  await checked({ do: "check", content, handle, by: asking === "create" ? "none" : asking, request }, deps, context);
}
