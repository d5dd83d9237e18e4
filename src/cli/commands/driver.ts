import { Command, Option } from "commander";
import { addLogOptions, type LogFlags, sizeInBytes } from "../options.ts";
import { runProcess } from "../run.ts";

export const driverCommand = () =>
  addLogOptions(new Command("driver"))
    .description("Serve volumes of this machine over CSI, with group snapshots of one instant.")
    .requiredOption("--endpoint <socket>", "unix socket to serve CSI on, such as unix:///run/csi/socket")
    .requiredOption("--node-id <name>", "this machine's name; volumes are tied to it")
    .requiredOption("--pool <folder>", "where images and the driver's state are kept")
    .option("--pool-size <size>", "limit on what volumes and snapshots may take, such as 20Gi", sizeInBytes)
    .addOption(
      new Option("--engine <name>", "how a cut is taken")
        .choices(["auto", "atomic", "freeze", "userland"])
        .default("auto"),
    )
    .action(async (options: DriverFlags) => {
      const { startDriverProcess } = await import("../../processes/driver.ts");
      await runProcess({ ...options, name: "driver" }, (around) => startDriverProcess(options, around));
    });

interface DriverFlags extends LogFlags {
  readonly endpoint: string;
  readonly nodeId: string;
  readonly pool: string;
  readonly poolSize?: bigint;
  readonly engine: string;
}
