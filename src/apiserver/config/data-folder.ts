import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../lib/failure.ts";

/** The folder is ours until this is called. */
export type Unlock = () => void;

/**
 * Makes the data folder, for its owner only, and takes it for this process. What a process that died has left is taken over.
 *
 * @throws Failure "busy" that names the folder and the process that holds it
 */
export function lockDataFolder(folder: string): Unlock {
  makeOwn(folder);
  const path = join(folder, "lock");
  for (let attempt = 0; attempt < 3; attempt++) {
    if (create(path)) return () => rmSync(path, { force: true });
    const holder = readHolder(path);
    if (holder !== undefined && isAlive(holder))
      throw new Failure(
        "busy",
        `the data folder ${folder} is in use by process ${holder.pid}; stop that process or choose another folder with --data-dir`,
      );
    rmSync(path, { force: true });
  }
  throw new Failure("busy", `the data folder ${folder} cannot be locked: others keep taking ${path}`);
}

/** @throws Failure "precondition" that names the folder */
function makeOwn(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // neither throws anything else
    const why = code === "ENOTDIR" || code === "EEXIST" ? "a file is in its place" : `${code}`;
    throw new Failure(
      "precondition",
      `cannot make the data folder ${folder}: ${why}; choose another folder with --data-dir`,
      { cause: error },
    );
  }
}

interface Holder {
  readonly pid: number;
  /** When the process began, as the kernel counts it: a process id alone may have been given to another one since. */
  readonly started: string | undefined;
}

function create(path: string): boolean {
  try {
    const holder: Holder = { pid: process.pid, started: startOf(process.pid) };
    writeFileSync(path, JSON.stringify(holder), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false; // writeFileSync throws nothing else
    throw error;
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(readFileSync(path, "utf8")) as Partial<Holder>; // checked on the next line
    return typeof pid === "number" && Number.isInteger(pid) ? { pid, started } : undefined;
  } catch {
    return undefined; // torn by a crash, or gone by now: nobody holds it
  }
}

function isAlive({ pid, started }: Holder): boolean {
  const now = startOf(pid);
  if (now !== undefined && started !== undefined) return now === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // kill throws nothing else
  }
}

/** Field 22 of /proc/PID/stat, counted after the name, which may hold anything. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined; // no such process, or no /proc
  }
}
