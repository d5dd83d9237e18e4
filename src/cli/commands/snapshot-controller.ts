import { Command } from "commander";
import { type ApiFlags, addApiOptions } from "../options.ts";
import { runProcess } from "../run.ts";

export const snapshotControllerCommand = () =>
  addApiOptions(new Command("snapshot-controller"))
    .description("Bind snapshots and group snapshots to their contents; one for a cluster.")
    .action(async (options: ApiFlags) => {
      const { startSnapshotController } = await import("../../processes/snapshot-controller.ts");
      await runProcess({ name: "snapshot-controller", verbosity: options.verbosity }, (around) =>
        startSnapshotController(options, around),
      );
    });
