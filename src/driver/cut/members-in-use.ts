import type { CutMember } from "../block/protocol.ts";
import { flush, type LoopDevices } from "../filesystem/loop.ts";
import type { Mounts } from "../filesystem/mounts.ts";
import type { Tools } from "../filesystem/tools.ts";
import type { Held } from "../hold/frozen-mounts.ts";

export interface MembersInUse {
  readonly mounted: readonly Held[];
  /** Devices of those that are in use without a filesystem that we know of. */
  readonly raw: readonly string[];
}

interface Machine {
  readonly loops: LoopDevices;
  readonly mounts: Mounts;
}

/** How the members are used now. Who is not attached is used by nobody. */
export async function membersInUse(members: readonly CutMember[], { loops, mounts }: Machine): Promise<MembersInUse> {
  const list = await mounts.list();
  const mounted: Held[] = [];
  const raw: string[] = [];
  for (const { image } of members) {
    const device = await loops.find(image);
    if (device === undefined) continue;
    const mount = list.find(({ source, root }) => source === device && root === "/");
    if (mount === undefined) raw.push(device);
    else mounted.push({ path: mount.path, device });
  }
  return { mounted, raw };
}

/** What was written to the members so far is in their images, though maybe not on the disk. */
export async function writeOut({ mounted, raw }: MembersInUse, tools: Tools): Promise<void> {
  await Promise.all([
    ...mounted.map(({ path }) => tools.run(["sync", "--file-system", path])),
    ...raw.map((device) => flush(device)),
  ]);
}
