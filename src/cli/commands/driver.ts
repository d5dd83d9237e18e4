import { resolve } from "node:path";
import { Command, Option } from "commander";
import type { HttpOptions } from "../../processes/http-endpoint.ts";
import { addHttpOptions } from "../api-options.ts";
import { addLogOptions, engineOption, type LogFlags, sizeInBytes } from "../options.ts";
import { runProcess } from "../run.ts";

export const driverCommand = () =>
  addHttpOptions(addLogOptions(new Command("driver")))
    .description("Serve volumes of this machine over CSI, with group snapshots of one instant.")
    .requiredOption("--endpoint <socket>", "unix socket to serve CSI on, such as unix:///run/csi/socket")
    .requiredOption("--node-id <name>", "this machine's name; volumes are tied to it")
    .requiredOption("--pool <folder>", "where images and the driver's state are kept")
    .option("--pool-size <size>", "limit on what volumes and snapshots may take, such as 20Gi", sizeInBytes)
    .option("--pool-image <file>", "an image that holds the pool, made and mounted at its folder; needs root")
    .addOption(
      new Option("--pool-image-size <size>", "size of that image, which only ever grows")
        .argParser(sizeInBytes)
        .default(20n << 30n, "20Gi"),
    )
    .addOption(
      new Option("--pool-filesystem <name>", "what the image is formatted with")
        .choices(["btrfs", "xfs"])
        .default("btrfs"),
    )
    .addOption(engineOption())
    .option("--plugin-registration-path <folder>", "the kubelet's plugins_registry, for it to know the driver by")
    .action(async (options: DriverFlags) => {
      const { startDriverProcess } = await import("../../processes/driver.ts");
      await runProcess({ ...options, name: "driver" }, (around) =>
        startDriverProcess({ ...options, ...poolImageOf(options) }, around),
      );
    });

function poolImageOf({ poolImage, poolImageSize, poolFilesystem }: DriverFlags) {
  const image = poolImage && { path: resolve(poolImage), sizeBytes: Number(poolImageSize), type: poolFilesystem };
  return { poolImage: image || undefined };
}

interface DriverFlags extends LogFlags, HttpOptions {
  readonly endpoint: string;
  readonly nodeId: string;
  readonly pool: string;
  readonly poolSize?: bigint;
  readonly poolImage?: string;
  readonly poolImageSize: bigint;
  readonly poolFilesystem: "btrfs" | "xfs";
  readonly engine: string;
  readonly pluginRegistrationPath?: string;
}
