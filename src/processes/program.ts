import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../lib/failure.ts";

/**
 * The built program, for starting another process of it: found from here upwards, so that it is the same file whether this
 * code runs from the bundle or from its sources.
 *
 * @throws Failure "notFound" when it has not been built
 */
export function programPath(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return builtIn(folder);
    if (folder === dirname(folder))
      throw new Failure("notFound", "cannot find the groupsnap package that this program belongs to");
  }
}

function builtIn(folder: string): string {
  const program = join(folder, "dist", "cli", "main.js");
  if (!existsSync(program)) throw new Failure("notFound", `there is no ${program}; build it with npm run build`);
  return program;
}
