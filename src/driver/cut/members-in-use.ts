import type { CutMember } from "../block/protocol.ts";
import { flush, type LoopDevices } from "../filesystem/loop.ts";
import type { Mounts } from "../filesystem/mounts.ts";
import type { WriteOut } from "../filesystem/write-out.ts";
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
  const [devices, list] = await Promise.all([loops.findEach(members.map(({ image }) => image)), mounts.list()]);
  const mounted: Held[] = [];
  const raw: string[] = [];
  for (const device of devices.values()) {
    const mount = list.find(({ source, root }) => source === device && root === "/");
    if (mount === undefined) raw.push(device);
    else mounted.push({ path: mount.path, device });
  }
  return { mounted, raw };
}

/** What was written to the members so far is in their images, though maybe not on the disk. */
export async function flushMembers({ mounted, raw }: MembersInUse, writeOut: WriteOut): Promise<void> {
  await Promise.all([writeOut(mounted.map(({ path }) => path)), ...raw.map((device) => flush(device))]);
}
