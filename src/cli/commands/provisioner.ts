import { Command, Option } from "commander";
import { podNamespace } from "../../kube/controller/leader/names.ts";
import { type ApiFlags, addApiOptions, apiOptionsOf, metricsAddressOption, withoutEffect } from "../api-options.ts";
import { positiveDurationMs } from "../go-flags.ts";
import { booleanOption, callTimeoutOption, csiAddressOption, extraMetadataOption, nodeNameOf } from "../options.ts";
import { runProcess } from "../run.ts";

export const provisionerCommand = () =>
  addApiOptions(new Command("provisioner"))
    .description("Make, grow and delete the volumes of claims through a CSI driver.")
    .addOption(csiAddressOption())
    .addOption(callTimeoutOption())
    .addOption(extraMetadataOption())
    .addOption(metricsAddressOption())
    .addOption(booleanOption("node-deployment", "make the volumes of the node that NODE_NAME names only"))
    .addOption(booleanOption("enable-capacity", "tell the scheduler how much room there is on each node"))
    .addOption(booleanOption("capacity-for-immediate-binding", "also for classes that do not wait for a pod"))
    .addOption(
      new Option("--capacity-poll-interval <duration>", "how often the driver is asked for that")
        .argParser(positiveDurationMs)
        .default(60_000, "1m"),
    )
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
  readonly nodeDeployment: boolean;
  readonly enableCapacity: boolean;
  readonly capacityForImmediateBinding: boolean;
  readonly capacityPollInterval: number;
}

function optionsOf(flags: ProvisionerFlags) {
  const { csiAddress, timeout, extraCreateMetadata } = flags;
  return {
    ...apiOptionsOf(flags),
    ...nodeNameOf(flags),
    csiAddress,
    timeoutMs: timeout,
    extraCreateMetadata,
    capacity: flags.enableCapacity ? capacityOf(flags) : undefined,
  };
}

/** Where the pod is told who it is, what it says goes with it. */
function capacityOf({ capacityForImmediateBinding, capacityPollInterval }: ProvisionerFlags) {
  const { POD_NAME: name, POD_UID: uid } = process.env;
  const owner = name && uid ? { apiVersion: "v1", kind: "Pod", name, uid } : undefined;
  const pollMs = capacityPollInterval;
  return { namespace: podNamespace(), owner, forImmediateBinding: capacityForImmediateBinding, pollMs };
}
