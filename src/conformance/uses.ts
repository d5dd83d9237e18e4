import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { Volume } from "../csi/gen/csi_pb.js";
import { openVolume } from "../verify/open-volume.ts";
import type { VolumeIo } from "../verify/volume.ts";
import type { Driver } from "./driver.ts";
import type { Lab } from "./lab.ts";
import { capabilityOf } from "./volumes.ts";

/** What its uses have to know of a volume. */
export type Usable = Pick<Volume, "volumeId" | "volumeContext">;

/** What is written stands in a file on a mounted volume. */
const fileName = "groupsnap-conformance";
/** Room for what any check writes: the rings of eight writers. */
export const writtenBytes = 16 << 20;

/**
 * Puts a volume to use on this node, as a kubelet would, and opens it.
 *
 * @param isCopy then what is written stands there already
 */
export async function useVolume(lab: Lab, volume: Usable, { isCopy }: { readonly isCopy: boolean }): Promise<VolumeIo> {
  const path = await publish(lab, volume);
  const size = isCopy ? {} : { createBytes: writtenBytes };
  const opened = await openVolume({ path, fileName, signal: lab.cleaningSignal, ...size });
  lab.made.note(`${path}, opened`, () => opened.close());
  return opened;
}

/** @returns the target path */
async function publish(lab: Lab, volume: Usable): Promise<string> {
  const { settings, made, offer, random } = lab;
  const folder = join(settings.workDir, random.uuid().slice(0, 8));
  const [staging, target] = [join(folder, "staging"), join(folder, "target")];
  made.note(`the folder ${folder}`, () => removeFolders(staging, folder));
  await mkdir(staging, { recursive: true });
  const { volumeId, volumeContext } = volume;
  const publishContext = await attach(lab, volume);
  const use = { volumeId, volumeContext, publishContext, volumeCapability: capabilityOf(lab) };
  const isStaged = offer.node.has("STAGE_UNSTAGE_VOLUME");
  const stagingTargetPath = isStaged ? staging : "";
  if (isStaged)
    await step(lab, {
      what: `${staging}, where volume ${volumeId} is staged`,
      make: ({ node }) => node.nodeStageVolume({ ...use, stagingTargetPath }),
      undo: ({ node }) => node.nodeUnstageVolume({ volumeId, stagingTargetPath }),
    });
  await step(lab, {
    what: `${target}, where volume ${volumeId} is published`,
    make: ({ node }) => node.nodePublishVolume({ ...use, stagingTargetPath, targetPath: target }),
    undo: ({ node }) => node.nodeUnpublishVolume({ volumeId, targetPath: target }),
  });
  return target;
}

async function attach(lab: Lab, { volumeId, volumeContext }: Usable): Promise<Record<string, string>> {
  const { offer } = lab;
  const nodeId = offer.here?.nodeId ?? "";
  if (!offer.controller.has("PUBLISH_UNPUBLISH_VOLUME")) return {};
  const request = { volumeId, nodeId, volumeContext, volumeCapability: capabilityOf(lab), readonly: false };
  const { publishContext } = await step(lab, {
    what: `volume ${volumeId}, attached to node ${nodeId}`,
    make: ({ controller }) => controller.controllerPublishVolume(request),
    undo: ({ controller }) => controller.controllerUnpublishVolume({ volumeId, nodeId }),
  });
  return publishContext;
}

interface Step<T> {
  readonly what: string;
  readonly make: (driver: Driver) => Promise<T>;
  readonly undo: (driver: Driver) => Promise<unknown>;
}

function step<T>({ made, patience }: Lab, { what, make, undo }: Step<T>): Promise<T> {
  made.note(what, (later) => later.untilDone(undo));
  return patience.untilDone(make);
}

/** Never what is in them: if a volume is still mounted there, that would be its data. */
async function removeFolders(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await rmdir(path);
}

/** True when this user may not open what the driver published. */
export function isForbidden(error: unknown): error is Error {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && (cause.code === "EACCES" || cause.code === "EPERM");
}
