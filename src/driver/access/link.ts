import { mkdir, readlink, rmdir, symlink, unlink } from "node:fs/promises";
import { Failure } from "../../lib/failure.ts";

export interface Link {
  /** Where the user looks. */
  readonly link: string;
  /** The short path of the socket. */
  readonly to: string;
  /** A folder that is made for the link and goes with it. */
  readonly folder?: string;
}

/** Puts a link where it is to be; there already is fine. @throws Failure "exists" if something else stands there */
export async function makeLink({ link, to, folder }: Link): Promise<void> {
  if (folder !== undefined) await unless("EEXIST", mkdir(folder, { mode: 0o750 }));
  const isThere = (await unless("EEXIST", symlink(to, link))) === "was";
  if (isThere && (await targetOf(link)) !== to)
    throw new Failure("exists", `cannot put the volume at ${link}: something else is there; remove it first`);
}

/** Removes the link and its folder; gone already is fine, and what others put into the folder stays. */
export async function removeLink({ link, to, folder }: Link): Promise<void> {
  if ((await targetOf(link)) === to) await unless("ENOENT", unlink(link));
  if (folder === undefined) return;
  try {
    await rmdir(folder);
  } catch (error) {
    if (nameOf(error) === "ENOENT") return;
    if (nameOf(error) !== "ENOTEMPTY") throw error;
    throw new Failure("precondition", `cannot remove ${folder}: others have put files into it; remove them first`);
  }
}

async function targetOf(link: string): Promise<string | undefined> {
  try {
    return await readlink(link);
  } catch (error) {
    if (nameOf(error) === "EINVAL" || nameOf(error) === "ENOENT") return undefined; // no link, or nothing at all
    throw error;
  }
}

/** Does the work; "was" if the system says that it was so already. */
async function unless(expected: string, work: Promise<unknown>): Promise<"done" | "was"> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (nameOf(error) === expected) return "was";
    throw error;
  }
}

const nameOf = (error: unknown) => (error as NodeJS.ErrnoException).code; // system errors carry a name
