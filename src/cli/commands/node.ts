import { Command } from "commander";
import { addLogOptions, csiAddressOption, kubeconfigOption, type LogFlags } from "../options.ts";
import { runProcess } from "../run.ts";
import { defaultDataDir } from "./start.ts";

export const nodeCommand = () =>
  addLogOptions(new Command("node"))
    .description("Bind claims and publish volumes on this machine; for the embedded API, which has no kubelet.")
    .addOption(kubeconfigOption())
    .addOption(csiAddressOption())
    .option("--data-dir <folder>", "volumes appear below its folder volumes/", defaultDataDir())
    .action(async (options: NodeFlags) => {
      const { startNode } = await import("../../processes/node.ts");
      await runProcess({ ...options, name: "node" }, (around) => startNode(options, around));
    });

interface NodeFlags extends LogFlags {
  readonly kubeconfig?: string;
  readonly csiAddress: string;
  readonly dataDir: string;
}
