import { type FileHandle, mkdir, mkdtemp, open, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connect } from "../csi/client.ts";
import type { Clock } from "../lib/clock.ts";
import { Failure, failureOf } from "../lib/failure.ts";
import type { Random } from "../lib/random.ts";
import type { Check } from "./check.ts";
import { checks } from "./checks.ts";
import { joined } from "./driver.ts";
import type { Settings } from "./lab.ts";
import { isConformant, type Report } from "./report.ts";
import { jsonOf } from "./report-json.ts";
import { junitOf } from "./report-junit.ts";
import { resultLines, summaryLine } from "./report-text.ts";
import { runConformance } from "./run.ts";
import { readSecrets } from "./secrets-file.ts";

export interface CommandOptions extends Omit<Settings, "workDir"> {
  readonly csiEndpoint: string;
  /** Of the node service, where it is not the same. */
  readonly nodeEndpoint?: string;
  /** One is made, and taken away, when absent. */
  readonly workDir?: string;
  readonly secretsFile?: string;
  readonly callTimeoutMs: number;
  readonly keepGoing: boolean;
  /** Names of the checks to make; all when absent. */
  readonly only?: readonly string[];
  /** Names of checks that do not have to be made. */
  readonly maySkip: readonly string[];
  readonly reportJson?: string;
  readonly reportJunit?: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the run. */
  readonly signal: AbortSignal;
  /** Ends taking away what it made. */
  readonly cleaningSignal: AbortSignal;
}

/**
 * `groupsnap conformance`: says of each check what came of it, and writes the reports.
 *
 * @returns true when all checks passed, but for those that may be skipped
 * @throws Failure "invalid" for what cannot be begun
 */
export async function conformance(options: CommandOptions, say: (line: string) => void): Promise<boolean> {
  const { csiEndpoint, nodeEndpoint = csiEndpoint, maySkip } = options;
  const wanted = checksNamed(options.only ?? checks.map(({ name }) => name));
  checksNamed(maySkip);
  const secrets = options.secretsFile === undefined ? {} : await readSecrets(options.secretsFile);
  const files = await openReports(options);
  const csi = joined(connect({ address: csiEndpoint }), connect({ address: nodeEndpoint }));
  const folder = await workFolder(options.workDir);
  const onResult = (result: Parameters<typeof resultLines>[0]) => resultLines(result).forEach(say);
  try {
    const settings = { ...options, workDir: folder.path };
    const report = await runConformance({ ...options, csi, settings, secrets, checks: wanted, onResult });
    say("");
    say(summaryLine(report));
    for (const { file, write } of files) await file.writeFile(write(report));
    return isConformant(report, maySkip);
  } finally {
    csi.close();
    await folder.remove();
    await Promise.all(files.map(({ file }) => file.close()));
  }
}

function checksNamed(names: readonly string[]): readonly Check[] {
  const unknown = names.find((name) => checks.every((check) => check.name !== name));
  if (unknown === undefined) return checks.filter(({ name }) => names.includes(name));
  throw new Failure(
    "invalid",
    `there is no check "${unknown}"; there are ${checks.map(({ name }) => name).join(", ")}`,
  );
}

interface ReportFile {
  readonly file: FileHandle;
  readonly write: (report: Report) => string;
}

/** Opened before the run: nobody wants to hear at its end that there is no such folder. */
async function openReports({ reportJson, reportJunit, maySkip }: CommandOptions): Promise<readonly ReportFile[]> {
  const files: ReportFile[] = [];
  if (reportJson !== undefined)
    files.push({ file: await create(reportJson), write: (report) => jsonOf(report, maySkip) });
  if (reportJunit !== undefined) files.push({ file: await create(reportJunit), write: junitOf });
  return files;
}

function create(path: string): Promise<FileHandle> {
  return open(path, "w").catch((error: unknown) => {
    throw new Failure("invalid", `cannot write a report to ${path}: ${failureOf(error).message}`, { cause: error });
  });
}

async function workFolder(given: string | undefined): Promise<{ readonly path: string; remove(): Promise<void> }> {
  if (given !== undefined) {
    await mkdir(given, { recursive: true });
    return { path: resolve(given), remove: async () => undefined };
  }
  const path = await mkdtemp(join(tmpdir(), "groupsnap-conformance-"));
  return { path, remove: () => rmdir(path).catch(() => undefined) }; // the report names what is left in it
}
