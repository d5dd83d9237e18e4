import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../lib/failure.ts";

/** What this machine has published, or was about to: enough to end it, whatever became of the objects. */
export interface PublishedRecord {
  readonly claimUid: string;
  readonly namespace: string;
  readonly claimName: string;
  readonly volumeHandle: string;
  readonly targetPath: string;
  readonly stagingPath: string;
}

/** One small file for each published claim; read once, then kept in memory too. */
export interface PublishedRecords {
  get(claimUid: string): PublishedRecord | undefined;
  list(): readonly PublishedRecord[];
  /** Whose volume is at this path; there is one at most. */
  at(targetPath: string): PublishedRecord | undefined;
  put(record: PublishedRecord): Promise<void>;
  remove(claimUid: string): Promise<void>;
}

const suffix = ".json";

/** @throws Failure "internal" that names a record which cannot be read */
export async function openRecords(folder: string): Promise<PublishedRecords> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = (await readdir(folder)).filter((name) => name.endsWith(suffix));
  const records = new Map<string, PublishedRecord>();
  const byTarget = new Map<string, PublishedRecord>();
  for (const name of names) {
    const record = parseRecord(await readFile(join(folder, name), "utf8"), join(folder, name));
    records.set(record.claimUid, record);
    byTarget.set(record.targetPath, record);
  }
  const pathOf = (claimUid: string) => join(folder, `${claimUid}${suffix}`);
  return {
    get: (claimUid) => records.get(claimUid),
    list: () => [...records.values()],
    at: (targetPath) => byTarget.get(targetPath),
    async put(record) {
      const path = pathOf(record.claimUid);
      await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
      await rename(`${path}.new`, path);
      records.set(record.claimUid, record);
      byTarget.set(record.targetPath, record);
    },
    async remove(claimUid) {
      await rm(pathOf(claimUid), { force: true });
      byTarget.delete(records.get(claimUid)?.targetPath ?? "");
      records.delete(claimUid);
    },
  };
}

const fields = ["claimUid", "namespace", "claimName", "volumeHandle", "targetPath", "stagingPath"] as const;

function parseRecord(text: string, path: string): PublishedRecord {
  try {
    const found: unknown = JSON.parse(text);
    const values = new Map(Object.entries(Object(found)));
    const missing = fields.find((field) => typeof values.get(field) !== "string");
    if (missing) throw new Error(`${missing} is missing`);
    return found as PublishedRecord; // every field of it was just checked
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure("internal", `cannot read ${path}: ${why}; unpublish its volume by hand and delete the file`, {
      cause: error,
    });
  }
}
