import { Command } from "commander";
import { type ApiFlags, addApiOptions, csiAddressOption } from "../options.ts";
import { runProcess } from "../run.ts";

export const provisionerCommand = () =>
  addApiOptions(new Command("provisioner"))
    .description("Make, grow and delete the volumes of claims through a CSI driver.")
    .addOption(csiAddressOption())
    .action(async (options: ApiFlags & { readonly csiAddress: string }) => {
      const { startProvisioner } = await import("../../processes/provisioner.ts");
      await runProcess({ name: "provisioner", verbosity: options.verbosity }, (around) =>
        startProvisioner(options, around),
      );
    });
