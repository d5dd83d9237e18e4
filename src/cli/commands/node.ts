import { Command } from "commander";
import { csiAddressOption, kubeconfigOption, verbosityOption } from "../options.ts";
import { runProcess } from "../run.ts";
import { defaultDataDir } from "./start.ts";

export const nodeCommand = () =>
  new Command("node")
    .description("Bind claims and publish volumes on this machine; for the embedded API, which has no kubelet.")
    .addOption(kubeconfigOption())
    .addOption(csiAddressOption())
    .option("--data-dir <folder>", "volumes appear below its folder volumes/", defaultDataDir())
    .addOption(verbosityOption())
    .action(async (options: NodeFlags) => {
      const { startNode } = await import("../../processes/node.ts");
      await runProcess({ name: "node", verbosity: options.verbosity }, (around) => startNode(options, around));
    });

interface NodeFlags {
  readonly kubeconfig?: string;
  readonly csiAddress: string;
  readonly dataDir: string;
  readonly verbosity: number;
}
