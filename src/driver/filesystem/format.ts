import { mkdtemp, readFile, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../lib/failure.ts";
import type { Mounts } from "./mounts.ts";
import { signatureOf } from "./signature.ts";
import type { Tools } from "./tools.ts";

/** The filesystems that volumes can have. */
export type FilesystemType = "ext4" | "xfs";

/** Smaller than this, mkfs.xfs refuses. */
const xfsLeastBytes = 300 * 2 ** 20;

/**
 * What a volume is formatted with. Where the caller does not care: ext4, unless it could not be grown here while it is
 * mounted, and the volume is large enough for XFS, which can.
 *
 * @throws Failure "invalid" for a filesystem that volumes cannot have
 */
export function filesystemType(
  name: string,
  volume: { readonly sizeBytes: number; readonly growsExt4: boolean },
): FilesystemType {
  if (name === "ext4" || name === "xfs") return name;
  if (name === "") return volume.growsExt4 || volume.sizeBytes < xfsLeastBytes ? "ext4" : "xfs";
  throw new Failure("invalid", `filesystem ${name} is not possible for volumes: use ext4 or xfs`);
}

/** Bit of CAP_SYS_RESOURCE (linux/capability.h), without which the kernel grows no ext4 that is mounted. */
const sysResource = 1n << 24n;

/** Whether this process may grow ext4 while it is mounted; root of a virtual machine or of a container may not. */
export async function mayGrowMountedExt4(): Promise<boolean> {
  const [, effective = "0"] = /^CapEff:\s+([0-9a-f]+)$/m.exec(await readFile("/proc/self/status", "utf8")) ?? [];
  return (BigInt(`0x${effective}`) & sysResource) !== 0n;
}

interface Wanted {
  readonly device: string;
  readonly sizeBytes: number;
  readonly type: FilesystemType;
  /** What the filesystem is to be known by: follows from the volume, so that a clone is never taken for its source. */
  readonly uuid: string;
}

/**
 * Makes a device ready to be mounted: formats a blank one; gives a clone an identity of its own and room to its end.
 *
 * May be repeated at any point. Data that is there is never formatted over.
 * @returns what is on it, which for a clone is what its source had
 * @throws Failure "precondition" if something else than ext4 or xfs is on it; "outOfRange" if it is too small
 */
export async function prepareFilesystem(wanted: Wanted, deps: { readonly tools: Tools; readonly mounts: Mounts }) {
  const { device, uuid } = wanted;
  const found = await signatureOf(device, deps.tools);
  if (found === undefined) {
    await format(wanted, deps.tools);
    return wanted.type;
  }
  if (found.type !== "ext4" && found.type !== "xfs")
    throw new Failure("precondition", `${device} carries ${found.type}; only ext4 and xfs can be mounted as a volume`);
  if (found.uuid !== uuid) await identify(found.type, wanted, deps);
  return found.type;
}

async function format({ device, sizeBytes, type, uuid }: Wanted, tools: Tools): Promise<void> {
  if (type === "xfs") {
    if (sizeBytes < xfsLeastBytes)
      throw new Failure("outOfRange", `xfs needs at least 300 MiB, ${device} has ${sizeBytes} bytes: use ext4`);
    await tools.run(["mkfs.xfs", "-q", "-m", `uuid=${uuid}`, device]);
    return;
  }
  // With a seed for checksums a new UUID is one write. No share for root: it is not root's disk.
  const features = "metadata_csum,metadata_csum_seed";
  await tools.run(["mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", "-O", features, "-U", uuid, device]);
}

/** Both filesystems take a new identity only after their journal was replayed. */
async function identify(type: FilesystemType, { device, uuid }: Wanted, deps: { tools: Tools; mounts: Mounts }) {
  const { tools, mounts } = deps;
  if (type === "ext4") {
    await tools.run(["e2fsck", "-p", device], { accept: [1] }); // 1: errors were corrected, which a replay counts as
    await tools.run(["tune2fs", "-U", uuid, device]);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "groupsnap-replay-"));
  try {
    await mounts.mount({ device, path: folder, type, flags: ["nouuid"] });
    await mounts.unmount(folder);
  } finally {
    await rmdir(folder);
  }
  await tools.run(["xfs_db", "-x", "-p", "xfs_admin", "-c", `uuid ${uuid}`, device]); // xfs_admin(8) is a script around this
}

/**
 * Lets a mounted filesystem have all of its device.
 *
 * @throws Failure "precondition" if the kernel lets nobody here grow ext4 while it is mounted (CAP_SYS_RESOURCE)
 */
export async function growMounted(
  what: { readonly device: string; readonly path: string },
  type: string,
  tools: Tools,
) {
  if (type === "xfs") {
    await tools.run(["xfs_growfs", what.path]);
    return;
  }
  await tools.run(["resize2fs", what.device]).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    const advice = "it can be grown while mounted only with CAP_SYS_RESOURCE, or at the next stage";
    throw new Failure("precondition", `cannot grow the ext4 filesystem at ${what.path}: ${why}; ${advice}`, {
      cause: error,
    });
  });
}

/** Lets an ext4 filesystem that is not mounted have all of its device; one that has it already is left alone. */
export async function growUnmountedExt4(device: string, sizeBytes: number, tools: Tools): Promise<void> {
  const { stdout } = await tools.run(["dumpe2fs", "-h", device]);
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)$`, "m").exec(stdout)?.[1] ?? Number.NaN);
  const heldBytes = field("Block count") * field("Block size");
  if (!(heldBytes + 1 < sizeBytes)) return;
  await tools.run(["e2fsck", "-f", "-p", device], { accept: [1] }); // resize2fs asks for it
  await tools.run(["resize2fs", device]);
}
