import { join } from "node:path";
import type { BlockEngine } from "../block/block-engine.ts";
import type { ServedExport } from "../block/protocol.ts";
import { type Layout, socketOf, volumeImage } from "../pool/layout.ts";
import type { UseRecord } from "../pool/records.ts";
import type { PoolState } from "../pool/state.ts";
import type { Access } from "./access.ts";
import { makeLink, removeLink } from "./link.ts";

/** Name of the link in the target folder of a volume that is to be used with a filesystem. */
const linkName = "volume.nbd";

/**
 * Without root: a published volume is an NBD socket, at the target path (Block) or as `volume.nbd` in it (Filesystem).
 *
 * The socket has a short path of its own, which a link at the user's path points to.
 */
export function nbdAccess(deps: {
  readonly layout: Layout;
  readonly block: BlockEngine & { ready(): Promise<void> };
}): Access {
  const { layout, block } = deps;
  return {
    name: "nbd",
    growsFilesystems: false, // nobody here knows the filesystem inside: its user grows it
    ready: () => block.ready(),
    stage: (_volume, use) => block.serve(exportOf(layout, use)),
    async publish(_volume, use) {
      await block.serve(exportOf(layout, use));
      await makeLink(linkOf(layout, use));
    },
    async end(use, others) {
      if (use.kind === "publish") await removeLink(linkOf(layout, use));
      if (others.some(({ readOnly }) => readOnly === use.readOnly)) return;
      await block.withdraw(socketOf(layout, use.volumeId, use.readOnly));
    },
    grow: (image, sizeBytes) => block.grow(image, sizeBytes),
    growFilesystem: async () => undefined,
    usage: async () => undefined,
    close: () => block.close(),
  };
}

/** What is to be served for the uses that are written down. */
export function exportsOf(shop: { readonly layout: Layout; readonly state: PoolState }): readonly ServedExport[] {
  const exports = shop.state.uses.list("true").map((use) => exportOf(shop.layout, use));
  return [...new Map(exports.map((served) => [served.socket, served])).values()];
}

function exportOf(layout: Layout, use: Pick<UseRecord, "volumeId" | "readOnly">): ServedExport {
  const { volumeId, readOnly } = use;
  return {
    image: volumeImage(layout, volumeId),
    socket: socketOf(layout, volumeId, readOnly),
    readOnly,
    name: volumeId,
  };
}

function linkOf(
  layout: Layout,
  { volumeId, path, access, readOnly }: Pick<UseRecord, "volumeId" | "path" | "access" | "readOnly">,
) {
  const to = socketOf(layout, volumeId, readOnly);
  return access === "block" ? { link: path, to } : { link: join(path, linkName), to, folder: path };
}
