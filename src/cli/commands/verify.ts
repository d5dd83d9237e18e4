import { Command } from "commander";
import { systemClock } from "../../lib/clock.ts";
import { systemRandom } from "../../lib/random.ts";
import { positiveDurationMs } from "../go-flags.ts";
import { sizeInBytes, wholeNumber } from "../options.ts";

export const verifyCommand = () =>
  new Command("verify")
    .description("Test whether copies of several volumes are of one instant.")
    .addCommand(writeCommand())
    .addCommand(judgeCommand())
    .addHelpText(
      "after",
      `
Write records over the volumes, snapshot them meanwhile, restore the snapshots, and judge the copies:

  $ groupsnap verify write VOLUME VOLUME… > progress &
  $ kubectl create -f group-snapshot.yaml        # and restore its members
  $ groupsnap verify judge --run RUN COPY COPY…  # in order: N records, 0 violations

A volume is an NBD socket, a folder that a claim is published in, a block device or a file.`,
    );

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Aborted by the first SIGINT or SIGTERM. */
function interrupted(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => stop.abort(new DOMException(`stopped by ${name}`, "AbortError")));
  return stop.signal;
}

function writeCommand(): Command {
  return new Command("write")
    .description("Write numbered records, each on the next volume once the one before it is flushed; print progress.")
    .argument("<volumes...>", "two volumes at least")
    .option("--writers <n>", "sequences side by side", wholeNumber(1, 1024), 2)
    .option("--run <uuid>", "what the records are marked with; made up by default")
    .option("--slots <n>", "records of a writer kept on a volume, in a ring", wholeNumber(1))
    .option("--pace <duration>", "mean pause between two records of a writer", positiveDurationMs)
    .option("--create <size>", "make files of this size where there are none", sizeInBytes)
    .option("--for <duration>", "end after this long; by default at SIGINT", positiveDurationMs)
    .action(async (paths: string[], flags: WriteFlags) => {
      const { verifyWrite } = await import("../../verify/commands.ts");
      const around = { clock: systemClock, random: systemRandom, signal: interrupted() };
      await verifyWrite({ paths, writers: flags.writers, ...writeOptions(flags), ...around }, say);
    });
}

interface WriteFlags {
  readonly writers: number;
  readonly run?: string;
  readonly slots?: number;
  readonly pace?: number;
  readonly create?: bigint;
  readonly for?: number;
}

const writeOptions = (flags: WriteFlags) => ({
  ...(flags.run === undefined ? {} : { runId: flags.run }),
  ...(flags.slots === undefined ? {} : { slots: flags.slots }),
  ...(flags.pace === undefined ? {} : { paceMs: flags.pace }),
  ...(flags.create === undefined ? {} : { createBytes: Number(flags.create) }),
  ...(flags.for === undefined ? {} : { durationMs: flags.for }),
});

function judgeCommand(): Command {
  return new Command("judge")
    .description("Say whether copies hold one instant of a run; exits with 1 if they do not.")
    .argument("<copies...>", "the restored volumes, in the order in which their sources were written")
    .requiredOption("--run <uuid>", "the run that `verify write` printed")
    .option("--before <progress>", "a line it printed before the cut was asked for")
    .option("--after <progress>", "a line it printed after the cut was answered")
    .action(
      async (
        paths: string[],
        { run, ...known }: { readonly run: string; readonly before?: string; readonly after?: string },
      ) => {
        const { verifyJudge } = await import("../../verify/commands.ts");
        const inOrder = await verifyJudge({ paths, runId: run, ...known, signal: interrupted() }, say);
        process.exitCode = inOrder ? 0 : 1;
      },
    );
}
