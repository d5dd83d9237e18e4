import { isProblem, type SecretAt } from "../../../api/class-parameters.ts";
import { parseGroupContentSource } from "../../../api/group-snapshot/source.ts";
import type { GroupSnapshotClass, GroupSnapshotContent } from "../../../api/group-snapshot/types.ts";
import type { GroupSnapshotHandle, SnapshotHandle } from "../../../api/handles.ts";
import { storageNameOf } from "../../../api/names.ts";
import { consistencyIn } from "../../../csi/consistency.ts";
import type { CsiCall } from "../../../csi/service.ts";
import { mayHaveHappened } from "../../../csi/status.ts";
import type { ActContext } from "../../../kube/controller/controller.ts";
import { secrets, valuesOf } from "../../../kube/core/secret.ts";
import { Failure, failureOf, isFailure } from "../../../lib/failure.ts";
import { type Answer, faultOfAnswer, parseAnswer } from "./answer.ts";
import type { GroupContentDeps } from "./deps.ts";
import type { Learnt, Memory } from "./memory.ts";
import { deletionSecretOf, type Terms, termsOfAsking, termsOfCut } from "./request.ts";

/** What is asked of the driver. Answers are learnt, and settled by the next decision. */
export type DriverAction =
  /** Cuts, or learns how far the cut is: the same name makes it the same cut. */
  | { readonly do: "cut"; readonly content: GroupSnapshotContent; readonly groupClass: GroupSnapshotClass | undefined }
  /** Learns about a group snapshot that an admin has brought. */
  | { readonly do: "ask"; readonly content: GroupSnapshotContent; readonly groupClass: GroupSnapshotClass | undefined }
  /** Learns the handle of a cut that is to be deleted; a refusal means that there is none. */
  | {
      readonly do: "recall";
      readonly content: GroupSnapshotContent;
      readonly groupClass: GroupSnapshotClass | undefined;
    }
  | {
      readonly do: "deleteCut";
      readonly content: GroupSnapshotContent;
      readonly handle: GroupSnapshotHandle;
      readonly members: readonly SnapshotHandle[];
    }
  | { readonly do: "remember"; readonly content: GroupSnapshotContent; readonly learnt: Learnt };

type Deps = GroupContentDeps & { readonly memory: Memory };

export async function actOnDriver(action: DriverAction, deps: Deps, context: ActContext): Promise<void> {
  const { content } = action;
  switch (action.do) {
    case "cut":
      return learnChecked(content, await cut(content, termsOf(action, deps), deps, context), deps);
    case "ask":
      return learnChecked(content, await ask(content, action.groupClass, deps, context), deps);
    case "recall":
      return recall(content, action.groupClass, deps, context);
    case "deleteCut":
      return deleteCut(action, deps, context);
    case "remember":
      return deps.memory.learn(content.metadata.uid, action.learnt);
    default:
      return action satisfies never;
  }
}

/** @throws Failure "internal" when the driver's answer is not what was asked for */
function learnChecked(content: GroupSnapshotContent, answer: Answer, { memory, driver }: Deps): void {
  const fault = faultOfAnswer(content, answer);
  if (fault !== undefined)
    throw new Failure(
      "internal",
      `driver "${driver}" answered with ${fault}; have the driver mended, or delete the group snapshot`,
    );
  memory.learn(content.metadata.uid, { answer });
}

async function cut(
  content: GroupSnapshotContent,
  { parameters, secret }: Terms,
  deps: Deps,
  context: ActContext,
): Promise<Answer> {
  const source = parseGroupContentSource(content);
  const volumes = source.kind === "cut" ? source.volumes : [];
  const request = {
    name: storageNameOf(content.spec.volumeGroupSnapshotRef.uid ?? content.metadata.uid, deps.options.naming),
    sourceVolumeIds: [...volumes],
    parameters,
    secrets: await secretValues(secret, context),
  };
  let consistency: string | undefined;
  const onMetadata: CsiCall["onMetadata"] = (metadata) => {
    consistency = consistencyIn(metadata);
  };
  const { groupSnapshot } = await tried(content, deps, () =>
    deps.csi.groupController.createVolumeGroupSnapshot(request, { ...callOf(deps, context), onMetadata }),
  );
  return { ...parseAnswer(groupSnapshot, volumes), ...(consistency && { consistency }) };
}

/** Keeps in mind, before anything else can fail, whether the storage may hold something now. */
async function tried<T>(
  { metadata: { uid } }: GroupSnapshotContent,
  { memory }: Deps,
  call: () => Promise<T>,
): Promise<T> {
  const isSure = memory.of(uid).nothingCut === true;
  memory.learn(uid, { nothingCut: false });
  try {
    return await call();
  } catch (error) {
    if (!mayHaveHappened(failureOf(error))) memory.learn(uid, { nothingCut: isSure });
    throw error;
  }
}

/** @throws Failure "notFound" if the driver knows no such group snapshot */
export async function ask(
  content: GroupSnapshotContent,
  groupClass: GroupSnapshotClass | undefined,
  deps: GroupContentDeps,
  context: ActContext,
): Promise<Answer> {
  const terms = termsOfAsking(content, groupClass);
  if (isProblem(terms)) throw new Failure("invalid", terms.problem);
  const request = {
    ...knownHandles(content),
    secrets: await secretValues(terms.secret, context),
  };
  const { groupSnapshot } = await deps.csi.groupController.getVolumeGroupSnapshot(request, callOf(deps, context));
  const source = parseGroupContentSource(content);
  return parseAnswer(groupSnapshot, source.kind === "cut" ? source.volumes : []);
}

/** What an admin has brought, or the driver has told before. */
function knownHandles({ spec, status }: GroupSnapshotContent) {
  const { volumeGroupSnapshotHandle: brought, volumeSnapshotHandles: members = [] } =
    spec.source.groupSnapshotHandles ?? {};
  if (brought) return { groupSnapshotId: brought, snapshotIds: [...members] };
  const told = (status?.volumeSnapshotInfoList ?? []).flatMap(({ snapshotHandle }) => snapshotHandle ?? []);
  return { groupSnapshotId: status?.volumeGroupSnapshotHandle ?? "", snapshotIds: told };
}

/** Terms that are no good any more leave those that the content remembers: a cut with them is a cut by the same name. */
function termsForRecall(content: GroupSnapshotContent, groupClass: GroupSnapshotClass | undefined, deps: Deps): Terms {
  const terms = termsOfCut(content, groupClass, deps.options);
  return isProblem(terms) ? { parameters: {}, secret: deletionSecretOf(content) } : terms;
}

/** ALREADY_EXISTS is no proof that there is nothing: the name is made from our uid, so what has it is ours. */
async function recall(
  content: GroupSnapshotContent,
  groupClass: GroupSnapshotClass | undefined,
  deps: Deps,
  context: ActContext,
): Promise<void> {
  const { uid } = content.metadata;
  try {
    const answer = await cut(content, termsForRecall(content, groupClass, deps), deps, context);
    if (answer.handle === "")
      throw new Failure("internal", `driver "${deps.driver}" answered with a group snapshot without a handle`);
    deps.memory.learn(uid, { answer });
  } catch (error) {
    if (mayHaveHappened(failureOf(error)) || isFailure(error, "exists")) throw error;
    deps.memory.learn(uid, { nothingCut: true });
  }
}

async function deleteCut(
  { content, handle, members }: Extract<DriverAction, { readonly do: "deleteCut" }>,
  deps: Deps,
  context: ActContext,
): Promise<void> {
  const request = {
    groupSnapshotId: handle,
    snapshotIds: [...members],
    secrets: await secretValues(deletionSecretOf(content), context),
  };
  try {
    await deps.csi.groupController.deleteVolumeGroupSnapshot(request, callOf(deps, context));
  } catch (error) {
    if (!isFailure(error, "notFound")) throw error; // gone is gone, however the driver says it
  }
}

/** Secrets are read when a call needs them, and kept nowhere. @throws Failure "unavailable": nothing was asked of the driver */
async function secretValues(at: SecretAt | undefined, { client, signal }: ActContext): Promise<Record<string, string>> {
  if (!at) return {};
  const secret = await client.find(secrets, at, { signal });
  if (!secret)
    throw new Failure(
      "unavailable",
      `secret ${at.namespace}/${at.name}, which the VolumeGroupSnapshotClass asks for, does not exist; create it`,
    );
  return { ...valuesOf(secret) };
}

/** The decision has checked them already. */
function termsOf({ content, groupClass }: Extract<DriverAction, { readonly do: "cut" }>, deps: Deps): Terms {
  const terms = termsOfCut(content, groupClass, deps.options);
  if (isProblem(terms)) throw new Failure("invalid", terms.problem);
  return terms;
}

const callOf = (deps: GroupContentDeps, { signal }: ActContext): CsiCall => ({
  signal,
  timeoutMs: deps.options.timeoutMs,
});
