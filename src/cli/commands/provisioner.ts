import { Command } from "commander";
import { type ApiFlags, addApiOptions, callTimeoutOption, csiAddressOption, extraMetadataOption } from "../options.ts";
import { runProcess } from "../run.ts";

export const provisionerCommand = () =>
  addApiOptions(new Command("provisioner"))
    .description("Make, grow and delete the volumes of claims through a CSI driver.")
    .addOption(csiAddressOption())
    .addOption(callTimeoutOption())
    .addOption(extraMetadataOption())
    .action(async (options: ProvisionerFlags) => {
      const { startProvisioner } = await import("../../processes/provisioner.ts");
      await runProcess({ name: "provisioner", verbosity: options.verbosity }, (around) =>
        startProvisioner({ ...options, timeoutMs: options.timeout }, around),
      );
    });

interface ProvisionerFlags extends ApiFlags {
  readonly csiAddress: string;
  readonly timeout: number;
  readonly extraCreateMetadata: boolean;
}
