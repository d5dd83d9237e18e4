import { systemClock } from "../lib/clock.ts";
import { failureOf } from "../lib/failure.ts";
import { type Level, type LogFormat, type Logger, logger } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { redact } from "../lib/redact.ts";
import { version } from "../lib/version.ts";
import type { Running, Surroundings } from "../processes/surroundings.ts";

/** A stop that takes longer has hung: SIGTERM promises an end within 5 s. */
const stopLimitMs = 4_500;

/** How a long-lived process is run. */
interface RunOptions {
  readonly name: string;
  readonly verbosity: number;
  readonly loggingFormat: LogFormat;
  /** Flags that were given and change nothing here: said once. */
  readonly withoutEffect?: readonly string[];
}

/**
 * Runs a long-lived process: prints `ready: …` when it works, stops it on SIGTERM or SIGINT, and exits with 0 after a
 * clean stop, 1 with the reason on standard error otherwise. A second signal ends it at once.
 */
export async function runProcess(
  options: RunOptions,
  start: (around: Surroundings) => Promise<Running>,
): Promise<void> {
  const stop = new AbortController();
  const log = logger({ name: options.name, level: levelOf(options.verbosity), format: options.loggingFormat });
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => onSignal(stop, name, log));
  log.info({ version }, "starts");
  for (const flag of options.withoutEffect ?? []) log.warn({ flag }, "this flag or gate has no effect here");
  try {
    const running = await start({ clock: systemClock, random: systemRandom, log, signal: stop.signal });
    process.stdout.write(`ready: ${running.ready}\n`);
    await running.ended;
    process.exit(0);
  } catch (error) {
    if (stop.signal.aborted && failureOf(error).code === "cancelled") process.exit(0);
    process.stderr.write(`groupsnap ${options.name}: ${redact(failureOf(error).message)}\n`);
    if (failureOf(error).code === "internal" && error instanceof Error) log.error({ stack: error.stack }, "ended");
    process.exit(1);
  }
}

function onSignal(stop: AbortController, name: string, log: Logger): void {
  if (stop.signal.aborted) {
    process.stderr.write(`groupsnap: ended at once by a second signal, ${name}; leaving as after a crash\n`);
    process.exit(1);
  }
  log.info({ signal: name }, "told to stop: nothing new begins");
  stop.abort(new DOMException(`stopped by ${name}`, "AbortError"));
  setTimeout(() => {
    process.stderr.write(`groupsnap: still busy ${stopLimitMs} ms after ${name}; leaving as after a crash\n`);
    process.exit(1);
  }, stopLimitMs).unref();
}

/** Upstream's `-v`: 0 to 2 say what happens, 4 and up every step. */
function levelOf(verbosity: number): Level {
  return verbosity >= 4 ? "debug" : "info";
}
