import { connectNbd } from "../lib/nbd/client.ts";
import type { VolumeIo } from "./volume.ts";

/**
 * A volume behind an NBD server on a unix socket.
 *
 * @throws Failure "unavailable" if nobody serves there
 */
export async function openNbdVolume(options: {
  readonly path: string;
  readonly signal: AbortSignal;
}): Promise<VolumeIo> {
  const client = await connectNbd(options);
  return {
    name: options.path,
    sizeBytes: client.sizeBytes,
    read: (offset, length) => client.read(offset, length),
    write: (offset, data) => client.write(offset, data),
    flush: () => client.flush(),
    close: () => client.close(),
  };
}
