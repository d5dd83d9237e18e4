import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Failure } from "../../lib/failure.ts";
import type { Layout } from "./layout.ts";

/**
 * Volumes are put to use anywhere but among their own images: what is mounted there would hide them.
 *
 * @throws Failure "invalid" if the path leads into the pool, be it through a link on the way
 */
export async function checkOutsidePool({ pool }: Pick<Layout, "pool">, path: string): Promise<void> {
  const folder = await realpath(dirname(path)).catch(() => dirname(path)); // not there, so no link either
  const place = join(folder, basename(path)); // a link there is refused by who would follow it
  if (`${place}/`.startsWith(`${pool}/`))
    throw new Failure(
      "invalid",
      `${path} lies in the pool ${pool}, where the driver keeps its images: use another path`,
    );
}
