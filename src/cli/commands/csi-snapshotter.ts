import { Command, InvalidArgumentError } from "commander";
import { type ApiFlags, addApiOptions, apiOptionsOf, metricsAddressOption, withoutEffect } from "../api-options.ts";
import {
  booleanOption,
  callTimeoutOption,
  csiAddressOption,
  extraMetadataOption,
  nodeNameOf,
  wholeNumber,
} from "../options.ts";
import { runProcess } from "../run.ts";

export const csiSnapshotterCommand = () =>
  addApiOptions(new Command("csi-snapshotter"))
    .description("Cut and delete snapshots through a CSI driver; one beside each driver.")
    .addOption(csiAddressOption())
    .addOption(callTimeoutOption())
    .addOption(extraMetadataOption())
    .addOption(metricsAddressOption())
    .addOption(booleanOption("node-deployment", "work on the contents of the node that NODE_NAME names only"))
    .addOption(
      booleanOption(
        "find-pre-provisioned",
        "with --node-deployment: label contents that carry no label, if the driver here has their snapshot",
        true,
      ),
    )
    .option("--snapshot-name-prefix <text>", "what names of snapshots on the storage begin with", prefix, "snapshot")
    .option("--snapshot-name-uuid-length <n>", "how much of the uid they keep; -1: all of it", uuidLength, -1)
    .option("--groupsnapshot-name-prefix <text>", "the same for group snapshots", prefix, "groupsnapshot")
    .option("--groupsnapshot-name-uuid-length <n>", "the same for group snapshots", uuidLength, -1)
    .action(async (flags: SnapshotterFlags) => {
      const { startCsiSnapshotter } = await import("../../processes/csi-snapshotter.ts");
      await runProcess({ ...flags, name: "csi-snapshotter", withoutEffect: withoutEffect(flags) }, async (around) =>
        startCsiSnapshotter(optionsOf(flags), around),
      );
    });

interface SnapshotterFlags extends ApiFlags {
  readonly csiAddress: string;
  readonly timeout: number;
  readonly extraCreateMetadata: boolean;
  readonly nodeDeployment: boolean;
  readonly findPreProvisioned: boolean;
  readonly snapshotNamePrefix: string;
  readonly snapshotNameUuidLength: number;
  readonly groupsnapshotNamePrefix: string;
  readonly groupsnapshotNameUuidLength: number;
}

/** -1, or as many characters as tell two snapshots apart: names of none would all be the same. */
function uuidLength(text: string): number {
  return text === "-1" ? -1 : wholeNumber(1)(text);
}

function prefix(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("give at least one character.");
}

function optionsOf(flags: SnapshotterFlags) {
  const { csiAddress, timeout, extraCreateMetadata, snapshotNamePrefix, groupsnapshotNamePrefix } = flags;
  return {
    ...apiOptionsOf(flags),
    ...nodeNameOf(flags),
    csiAddress,
    timeoutMs: timeout,
    extraCreateMetadata,
    findPreProvisioned: flags.findPreProvisioned,
    snapshotNamePrefix,
    groupsnapshotNamePrefix,
    ...(flags.snapshotNameUuidLength > 0 && { snapshotNameUuidLength: flags.snapshotNameUuidLength }),
    ...(flags.groupsnapshotNameUuidLength > 0 && { groupsnapshotNameUuidLength: flags.groupsnapshotNameUuidLength }),
  };
}
