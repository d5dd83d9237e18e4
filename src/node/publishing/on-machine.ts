import { mkdir, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { widestCapability } from "../../csi/volume-capability.ts";
import type { ActContext } from "../../kube/controller/controller.ts";
import { secretValues } from "../../kube/core/secret-values.ts";
import type { Volume } from "../../kube/core/volume.ts";
import { isFailure } from "../../lib/failure.ts";
import type { NodeDeps, NodeOptions } from "../deps.ts";
import type { PublishedRecord } from "./records.ts";

/** Lets the driver put a volume at its path. Recorded first, so that it is ended even if we die now. */
export async function publish(
  { record, volume }: { readonly record: PublishedRecord; readonly volume: Volume },
  context: ActContext,
  deps: NodeDeps,
): Promise<void> {
  const { csi, capabilities, options } = deps;
  const source = volume.spec.csi;
  const call = { signal: context.signal, timeoutMs: options.timeoutMs };
  const common = {
    volumeId: record.volumeHandle,
    stagingTargetPath: capabilities.node.has("STAGE_UNSTAGE_VOLUME") ? record.stagingPath : "",
    volumeCapability: capabilityOf(volume, deps),
    volumeContext: { ...source?.volumeAttributes },
  };
  const stageSecrets = await secretValues(source?.nodeStageSecretRef, context);
  const publishSecrets = await secretValues(source?.nodePublishSecretRef, context);
  await deps.records.put(record);
  await mkdir(dirname(record.targetPath), { recursive: true, mode: 0o700 });
  if (common.stagingTargetPath !== "") {
    await mkdir(record.stagingPath, { recursive: true, mode: 0o700 });
    await csi.node.nodeStageVolume({ ...common, secrets: stageSecrets }, call);
  }
  const readonly = source?.readOnly === true || isReadOnly(volume);
  const { targetPath } = record;
  await csi.node.nodePublishVolume({ ...common, targetPath, readonly, secrets: publishSecrets }, call);
}

/** Ends what was published, and then forgets it. What is gone already is fine. */
export async function unpublish(
  record: PublishedRecord,
  signal: AbortSignal,
  deps: Pick<NodeDeps, "csi" | "capabilities" | "records"> & { readonly options: Pick<NodeOptions, "timeoutMs"> },
): Promise<void> {
  const { csi, capabilities, options, records } = deps;
  const { volumeHandle: volumeId, targetPath, stagingPath } = record;
  const call = { signal, timeoutMs: options.timeoutMs };
  await orGone(csi.node.nodeUnpublishVolume({ volumeId, targetPath }, call));
  if (capabilities.node.has("STAGE_UNSTAGE_VOLUME")) {
    await orGone(csi.node.nodeUnstageVolume({ volumeId, stagingTargetPath: stagingPath }, call));
    await removeIfEmpty(stagingPath);
  }
  await removeIfEmpty(dirname(targetPath));
  await records.remove(record.claimUid);
}

/** How the volume's one consumer, this machine, uses it. */
export function capabilityOf({ spec }: Volume, { capabilities }: Pick<NodeDeps, "capabilities">) {
  const use = {
    accessModes: spec.accessModes ?? [],
    volumeMode: spec.volumeMode ?? ("Filesystem" as const),
    fsType: spec.csi?.fsType ?? "",
    mountOptions: spec.mountOptions ?? [],
  };
  return widestCapability(use, capabilities);
}

function isReadOnly({ spec: { accessModes = [] } }: Volume): boolean {
  return accessModes.length > 0 && accessModes.every((mode) => mode === "ReadOnlyMany");
}

async function orGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isFailure(error, "notFound")) throw error;
  }
}

/** Never with what is in it: a volume may still be there. */
async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // of a system call
    if (code !== "ENOENT" && code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
}
