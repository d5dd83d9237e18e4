import { beingCreated, consistencyAnnotation } from "../../../api/annotations.ts";
import { createMetadataOf } from "../../../api/class-parameters.ts";
import { type StorageNaming, storageNameOf } from "../../../api/names.ts";
import { contents } from "../../../api/snapshot/resources.ts";
import type { SnapshotContent } from "../../../api/snapshot/types.ts";
import type { CsiServices } from "../../../csi/client.ts";
import { consistencyIn } from "../../../csi/consistency.ts";
import type { Snapshot } from "../../../csi/gen/csi_pb.js";
import type { ActContext } from "../../../kube/controller/controller.ts";
import { assert } from "../../../lib/assert.ts";
import { Failure, isFailure } from "../../../lib/failure.ts";
import { actOn } from "../../pairing/action.ts";
import { type Answer, answerOf, isKnown } from "./answer.ts";
import type { CuttingAction, DriverAction } from "./decide.ts";
import { isReleased } from "./work.ts";

/** How the driver is talked to. */
export interface Line {
  readonly csi: Pick<CsiServices, "controller">;
  readonly naming: StorageNaming;
  readonly timeoutMs: number;
  /** Tell the driver the names of the Kubernetes objects it works for. */
  readonly extraCreateMetadata: boolean;
}

/** What the driver has said that snapshots are worth, by the uid of the content; until it is written down, or its content gone. */
export type Worth = Map<string, string>;

export async function act(
  action: CuttingAction,
  line: Line & { readonly worth: Worth },
  context: ActContext,
): Promise<void> {
  switch (action.do) {
    case "cut":
      return record(action.content, answerOf(action.content, await createSnapshot(action, line, context)), context);
    case "check":
      return record(action.content, await checked(action, line, context), context);
    case "unmark":
      return unmark(action.content, line.worth, context);
    case "deleteSnapshot":
      return deleteSnapshot(action, line, context);
    default:
      return actOn(action, context);
  }
}

/** A driver should answer OK where there is nothing to delete; one that says so by an error means the same. */
async function deleteSnapshot(action: DriverAction & { do: "deleteSnapshot" }, line: Line, context: ActContext) {
  const { secrets } = action.request;
  try {
    await line.csi.controller.deleteSnapshot({ snapshotId: action.handle, secrets }, callOf(line, context));
  } catch (error) {
    if (!isFailure(error, "notFound")) throw error;
  }
}

function callOf(line: Line, { signal }: ActContext) {
  return { signal, timeoutMs: line.timeoutMs };
}

async function unmark(content: SnapshotContent, worth: Worth, context: ActContext): Promise<void> {
  const { uid } = content.metadata;
  const consistency = worth.get(uid);
  const annotations = {
    [beingCreated]: null,
    ...(consistency === undefined ? {} : { [consistencyAnnotation]: consistency }),
  };
  await actOn({ do: "change", resource: contents, object: content, change: { annotations } }, context);
  worth.delete(uid);
}

async function createSnapshot(
  action: DriverAction & { do: "cut" },
  line: Line & { readonly worth: Worth },
  context: ActContext,
) {
  const { content, volume, request } = action;
  const { namespace = "", name = "", uid } = content.spec.volumeSnapshotRef;
  assert(uid, "a content that asks for a cut is bound to its snapshot");
  const metadata = createMetadataOf({
    kind: "volumesnapshot",
    contentName: content.metadata.name,
    snapshot: { namespace, name },
  });
  const answer = await line.csi.controller.createSnapshot(
    {
      name: storageNameOf(uid, line.naming),
      sourceVolumeId: volume,
      parameters: { ...request.parameters, ...(line.extraCreateMetadata && metadata) },
      secrets: request.secrets,
    },
    { ...callOf(line, context), onMetadata: (metadata) => learnWorth(content, consistencyIn(metadata), line.worth) },
  );
  return answer.snapshot;
}

/** Only what comes before the mark goes off can be written down with that. */
function learnWorth(content: SnapshotContent, consistency: string | undefined, worth: Worth): void {
  if (consistency !== undefined && content.status?.snapshotHandle === undefined && !isReleased(content))
    worth.set(content.metadata.uid, consistency);
}

/** A driver that can only create cannot be asked about a snapshot that exists: the word of who brought it stands. */
export async function checked(
  action: DriverAction & { do: "check" },
  line: Line,
  context: ActContext,
): Promise<Answer> {
  const { content, handle, by } = action;
  if (by === "none") return { snapshotHandle: handle, readyToUse: true, error: null };
  const found = by === "get" ? await getSnapshot(action, line, context) : await listSnapshot(action, line, context);
  return answerOf(content, found);
}

async function getSnapshot({ handle, request }: DriverAction & { do: "check" }, line: Line, context: ActContext) {
  const { secrets } = request;
  const answer = await line.csi.controller.getSnapshot({ snapshotId: handle, secrets }, callOf(line, context));
  return answer.snapshot;
}

async function listSnapshot(
  { handle, content, request }: DriverAction & { do: "check" },
  line: Line,
  context: ActContext,
): Promise<Snapshot> {
  const { secrets } = request;
  const answer = await line.csi.controller.listSnapshots({ snapshotId: handle, secrets }, callOf(line, context));
  const found = answer.entries.find((entry) => entry.snapshot?.snapshotId === handle)?.snapshot;
  if (found) return found;
  throw new Failure(
    "notFound",
    `the driver ${content.spec.driver} does not list snapshot "${handle}": correct source.snapshotHandle, or delete this object`,
  );
}

/** Whatever else has changed on the content meanwhile: nobody else writes this status. */
async function record(content: SnapshotContent, answer: Answer, context: ActContext): Promise<void> {
  if (isKnown(content, answer)) return;
  await actOn({ do: "patchStatus", resource: contents, object: content, status: answer }, context);
}
