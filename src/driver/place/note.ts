import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../lib/failure.ts";
import { syncFolders } from "../sync-folders.ts";

/** A data folder's file that names the engine with which its volumes are mounted. One without it serves sockets. */
const noteIn = (dataDir: string) => join(dataDir, "engine");

const mountingEngines: readonly string[] = ["atomic", "freeze"];

/** Undefined if none was noted. @throws Failure "precondition" for a note that cannot be ours */
export async function notedEngine(dataDir: string): Promise<string | undefined> {
  const path = noteIn(dataDir);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  const engine = text?.trim();
  if (engine === undefined || mountingEngines.includes(engine)) return engine;
  const names = mountingEngines.join(" or ");
  throw new Failure("precondition", `${path} is to name the engine that made the pool, ${names}: write that into it`);
}

/** On disk when it resolves: what is made next relies on it. */
export async function noteEngine(dataDir: string, engine: string): Promise<void> {
  const path = noteIn(dataDir);
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(`${engine}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolders([path]);
}
