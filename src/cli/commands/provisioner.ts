import { Command } from "commander";
import { type ApiFlags, addApiOptions, apiOptionsOf, metricsAddressOption, withoutEffect } from "../api-options.ts";
import { callTimeoutOption, csiAddressOption, extraMetadataOption } from "../options.ts";
import { runProcess } from "../run.ts";

export const provisionerCommand = () =>
  addApiOptions(new Command("provisioner"))
    .description("Make, grow and delete the volumes of claims through a CSI driver.")
    .addOption(csiAddressOption())
    .addOption(callTimeoutOption())
    .addOption(extraMetadataOption())
    .addOption(metricsAddressOption())
    .action(async (flags: ProvisionerFlags) => {
      const { startProvisioner } = await import("../../processes/provisioner.ts");
      await runProcess({ ...flags, name: "provisioner", withoutEffect: withoutEffect(flags) }, async (around) =>
        startProvisioner(optionsOf(flags), around),
      );
    });

interface ProvisionerFlags extends ApiFlags {
  readonly csiAddress: string;
  readonly timeout: number;
  readonly extraCreateMetadata: boolean;
}

function optionsOf(flags: ProvisionerFlags) {
  const { csiAddress, timeout, extraCreateMetadata } = flags;
  return { ...apiOptionsOf(flags), csiAddress, timeoutMs: timeout, extraCreateMetadata };
}
