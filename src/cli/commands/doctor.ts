import { Command, InvalidArgumentError, Option } from "commander";
import { systemClock } from "../../lib/clock.ts";
import { stringifyJson } from "../../lib/json.ts";
import { diagnose, isError } from "../doctor/diagnose.ts";
import { observe } from "../doctor/observe.ts";
import { reportLines } from "../doctor/report.ts";
import { socketsHere } from "../doctor/sockets-here.ts";
import { summaryOf } from "../doctor/summary.ts";
import { durationMs } from "../go-flags.ts";
import { kubeconfigOption } from "../options.ts";

/** A cluster with ten thousand snapshots is read in a few seconds; one that takes longer does not answer. */
const lookLimitMs = 60_000;

export const doctorCommand = () =>
  new Command("doctor")
    .description("Say what a cluster has for snapshots, what is wrong with it, and how to mend it.")
    .addOption(kubeconfigOption())
    .addOption(new Option("-o, --output <format>", "how it is printed").choices(["text", "json"]).default("text"))
    .addOption(
      // No retry of ours waits longer than five minutes.
      new Option("--stuck-after <duration>", "what takes longer hangs").argParser(durationMs).default(600_000, "10m"),
    )
    .addOption(
      new Option("--csi-address <socket>", "a CSI driver to ask too, at its socket on this machine; may be given again")
        .argParser((socket, before: readonly string[]) => oneMore(before, socket))
        .default([], "none"),
    )
    .option("--kubelet-dir <folder>", "where drivers are looked for if none is named", "/var/lib/kubelet")
    .addHelpText(
      "after",
      "\nIt changes nothing. It exits with 1 if it finds an error, and with 0 if it finds warnings only.",
    )
    .action(async (options: DoctorFlags) => {
      const { connect } = await import("../../processes/connect.ts");
      const { askDriver } = await import("../../processes/ask-driver.ts");
      const client = await connect({ ...options, userAgent: "groupsnap-doctor" });
      const signal = AbortSignal.timeout(lookLimitMs);
      const ask = (addresses: readonly string[]) => Promise.all(addresses.map((address) => askDriver(address, signal)));
      const asked = await ask(options.csiAddress);
      const here = asked.length > 0 ? [] : await ask((await socketsHere(options.kubeletDir)).slice(0, askedLimit));
      const looking = { client, clock: systemClock, signal, stuckAfterMs: options.stuckAfter, asked, here };
      const seen = await observe(looking).finally(() => client.close());
      const findings = diagnose(seen);
      const summary = summaryOf(seen);
      const text =
        options.output === "json"
          ? stringifyJson({ findings, ...summary }, 2)
          : reportLines(summary, findings).join("\n");
      process.stdout.write(`${text}\n`);
      if (findings.some(isError)) process.exitCode = 1;
    });

interface DoctorFlags {
  readonly kubeconfig?: string;
  readonly output: "text" | "json";
  readonly stuckAfter: number;
  readonly csiAddress: readonly string[];
  readonly kubeletDir: string;
}

/** More drivers than one machine has. */
const askedLimit = 32;

function oneMore(before: readonly string[], socket: string): readonly string[] {
  if (before.length < askedLimit) return [...before, socket];
  throw new InvalidArgumentError(`give it ${askedLimit} times at most.`);
}
