import { join } from "node:path";
import type { PoolFiles } from "../pool/files.ts";
import type { LoopDevices } from "./loop.ts";

/** Whether images in the folder can be attached: tried. @throws Failure or a system error that says why not */
export async function probeLoops(deps: {
  readonly folder: string;
  readonly files: PoolFiles;
  readonly loops: LoopDevices;
}): Promise<void> {
  const { files, loops } = deps;
  const image = join(deps.folder, ".loop-probe.img");
  await loops.detach(image); // of a probe that was killed
  await files.remove([image]);
  await files.createEmpty(image, 1 << 20);
  try {
    await loops.attach(image);
    await loops.detach(image);
  } finally {
    await files.remove([image]);
  }
}
