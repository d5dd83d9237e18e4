import { join } from "node:path";
import { Command } from "commander";
import { addLogOptions, engineOption, kubeconfigOption, type LogFlags, sizeInBytes, wholeNumber } from "../options.ts";
import { runProcess } from "../run.ts";

/** D of `--data-dir D`, where the user gives none. */
export function defaultDataDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_DATA_HOME || join(env.HOME ?? ".", ".local", "share"), "groupsnap");
}

export const startCommand = () =>
  addLogOptions(new Command("start"))
    .description("Start everything in one process: a Kubernetes API, volumes on this machine, group snapshots.")
    .option("--data-dir <folder>", "where all state is kept; it belongs to one process at a time", defaultDataDir())
    .option("--port <n>", "port of the API on 127.0.0.1; 0 picks a free one", wholeNumber(0, 65_535), 6443)
    .option("--pool-size <size>", "limit on what volumes and snapshots may take, such as 20Gi", sizeInBytes)
    .addOption(engineOption())
    .addOption(kubeconfigOption())
    .addHelpText(
      "after",
      `
When all is up, one line is printed: ready: kubeconfig FILE. Use it with kubectl:

  $ groupsnap start &
  $ export KUBECONFIG=FILE
  $ kubectl get storageclass,volumegroupsnapshotclass

As root its volumes are mounted folders and block devices where that works, and it takes them down when it is stopped;
else, and with --engine userland, they are NBD sockets. A data folder stays what it was made as.

With --kubeconfig the same runs on that cluster instead of on an API of its own.`,
    )
    .action(async (options: StartFlags) => {
      const { startStandalone } = await import("../../processes/standalone.ts");
      await runProcess({ ...options, name: "start" }, (around) => startStandalone(options, around));
    });

interface StartFlags extends LogFlags {
  readonly dataDir: string;
  readonly port: number;
  readonly poolSize?: bigint;
  readonly engine: string;
  readonly kubeconfig?: string;
}
