import { Command, Option } from "commander";
import { type ApiFlags, addApiOptions, apiOptionsOf, withoutEffect } from "../api-options.ts";
import { positiveDurationMs } from "../go-flags.ts";
import { booleanOption } from "../options.ts";
import { runProcess } from "../run.ts";

export const snapshotControllerCommand = () =>
  addApiOptions(new Command("snapshot-controller"))
    .description("Bind snapshots and group snapshots to their contents; one for a cluster.")
    .addOption(
      booleanOption("enable-distributed-snapshotting", "label contents with the node that reaches their volumes"),
    )
    .addOption(booleanOption("prevent-volume-mode-conversion", "let contents tell the mode of their volume", true))
    .addOption(
      new Option(
        "--retry-crd-interval-max <duration>",
        "longest wait between two looks for definitions that are missing",
      )
        .argParser(positiveDurationMs)
        .default(30_000, "30s"),
    )
    .action(async (flags: ControllerFlags) => {
      const { startSnapshotController } = await import("../../processes/snapshot-controller.ts");
      const name = "snapshot-controller";
      await runProcess({ ...flags, name, withoutEffect: withoutEffect(flags) }, async (around) =>
        startSnapshotController(optionsOf(flags), around),
      );
    });

interface ControllerFlags extends ApiFlags {
  readonly enableDistributedSnapshotting: boolean;
  readonly preventVolumeModeConversion: boolean;
  readonly retryCrdIntervalMax: number;
}

const optionsOf = (flags: ControllerFlags) => ({
  ...apiOptionsOf(flags),
  distributedSnapshotting: flags.enableDistributedSnapshotting,
  preventVolumeModeConversion: flags.preventVolumeModeConversion,
  retryCrdIntervalMaxMs: flags.retryCrdIntervalMax,
});
