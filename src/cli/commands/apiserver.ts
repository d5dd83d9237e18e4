import { Command } from "commander";
import { addLogOptions, type LogFlags, wholeNumber } from "../options.ts";
import { runProcess } from "../run.ts";
import { defaultDataDir } from "./start.ts";

export const apiserverCommand = () =>
  addLogOptions(new Command("apiserver"))
    .description("Serve a Kubernetes API from one folder. For one machine; a cluster has its own.")
    .option("--data-dir <folder>", "where objects, keys and the kubeconfig are kept", defaultDataDir())
    .option("--port <n>", "port on 127.0.0.1; 0 picks a free one", wholeNumber(0, 65_535), 6443)
    .option("--crds", "install the snapshot kinds at start", false)
    .action(async (options: ApiserverFlags) => {
      const { startApiserver } = await import("../../processes/apiserver.ts");
      await runProcess({ ...options, name: "apiserver" }, (around) => startApiserver(options, around));
    });

interface ApiserverFlags extends LogFlags {
  readonly dataDir: string;
  readonly port: number;
  readonly crds: boolean;
}
