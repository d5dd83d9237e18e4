import { Command, InvalidArgumentError, Option } from "commander";
import { systemClock } from "../../lib/clock.ts";
import { systemRandom } from "../../lib/random.ts";
import { positiveDurationMs } from "../go-flags.ts";
import { callTimeoutOption, sizeInBytes, wholeNumber } from "../options.ts";

/** What the order test writes on a volume. */
const leastVolumeBytes = 16 << 20;

export const conformanceCommand = () =>
  new Command("conformance")
    .description("Check a CSI driver's group snapshots: its answers, its refusals, and whether they are one instant.")
    .requiredOption("--csi-endpoint <socket>", "the driver's unix socket, such as unix:///run/csi/socket")
    .option("--node-endpoint <socket>", "that of its node service, if it is another")
    .option("--volumes <n>", "volumes of a group", wholeNumber(2, 64), 4)
    .addOption(
      new Option("--volume-size <size>", "of each, 16Mi at least").argParser(volumeSize).default(1n << 30n, "1Gi"),
    )
    .addOption(
      new Option("--volume-mode <mode>", "how they are used").choices(["Filesystem", "Block"]).default("Filesystem"),
    )
    .option("--fs-type <name>", "filesystem on them; by default the driver's choice", "")
    .option("--volume-parameters <name=value>", "for CreateVolume, as of a StorageClass; may be repeated", pair, {})
    .option("--parameters <name=value>", "for the groups, as of a VolumeGroupSnapshotClass; may be repeated", pair, {})
    .option("--secrets <file>", "YAML or JSON of names and texts, given to every call that takes secrets")
    .option("--rounds <n>", "groups that the order test cuts", wholeNumber(1, 100_000), 10)
    .option("--writers <n>", "programs that write meanwhile", wholeNumber(1, 8), 2)
    .addOption(callTimeoutOption())
    .addOption(
      new Option("--ready-timeout <duration>", "limit on what takes several calls, such as becoming ready to use")
        .argParser(positiveDurationMs)
        .default(300_000, "5m"),
    )
    .option(
      "--work-dir <folder>",
      "where volumes are published; the driver must reach it; by default a new one in /tmp",
    )
    .option("--keep-going", "make all checks, also after one has failed", false)
    .option("--only <checks>", "make these checks alone, by name, separated by commas", names)
    .option("--allow-skipped <checks>", "checks that the driver need not offer, by name", names, [])
    .option("--report-json <file>", "write a report for programs")
    .option("--report-junit <file>", "write a report as CI systems read it")
    .addHelpText(
      "after",
      `
It makes volumes and snapshots of its own, and takes them away again, also after SIGINT. It exits with 0 only if every
check passed; one that was skipped has not, unless --allow-skipped names it.`,
    )
    .action(async (flags: ConformanceFlags) => {
      const { conformance } = await import("../../conformance/command.ts");
      const { volumeSize: bytes, parameters, secrets, timeout, readyTimeout, allowSkipped, ...rest } = flags;
      const options = {
        ...rest,
        volumeBytes: Number(bytes),
        groupParameters: parameters,
        ...(secrets === undefined ? {} : { secretsFile: secrets }),
        callTimeoutMs: timeout,
        readyTimeoutMs: readyTimeout,
        maySkip: allowSkipped,
      };
      const around = { clock: systemClock, random: systemRandom, ...interrupted() };
      const isGood = await conformance({ ...options, ...around }, (line) => process.stdout.write(`${line}\n`));
      process.exitCode = isGood ? 0 : 1;
    });

interface ConformanceFlags {
  readonly csiEndpoint: string;
  readonly nodeEndpoint?: string;
  readonly volumes: number;
  readonly volumeSize: bigint;
  readonly volumeMode: "Filesystem" | "Block";
  readonly fsType: string;
  readonly volumeParameters: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly secrets?: string;
  readonly rounds: number;
  readonly writers: number;
  readonly timeout: number;
  readonly readyTimeout: number;
  readonly workDir?: string;
  readonly keepGoing: boolean;
  readonly only?: readonly string[];
  readonly allowSkipped: readonly string[];
  readonly reportJson?: string;
  readonly reportJunit?: string;
}

function volumeSize(text: string): bigint {
  const bytes = sizeInBytes(text);
  if (bytes >= leastVolumeBytes) return bytes;
  throw new InvalidArgumentError("the order test needs volumes of 16Mi at least.");
}

/** One of several pairs, gathered. */
function pair(text: string, known: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError(`give a parameter as name=value, not "${text}".`);
  return { ...known, [name]: value };
}

const names = (text: string): readonly string[] => text.split(",").map((name) => name.trim());

/** The first SIGINT or SIGTERM ends the run, a second one also the taking away of what it made. */
function interrupted(): { readonly signal: AbortSignal; readonly cleaningSignal: AbortSignal } {
  const [run, cleaning] = [new AbortController(), new AbortController()];
  const stop = (name: string) => {
    const reason = new DOMException(`stopped by ${name}`, "AbortError");
    if (run.signal.aborted) return cleaning.abort(reason);
    process.stderr.write(`groupsnap: ${name}: takes away what the checks made; a second signal leaves it\n`);
    run.abort(reason);
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stop(name));
  return { signal: run.signal, cleaningSignal: cleaning.signal };
}
