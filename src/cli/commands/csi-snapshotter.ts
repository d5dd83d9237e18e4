import { Command } from "commander";
import {
  type ApiFlags,
  addApiOptions,
  callTimeoutOption,
  csiAddressOption,
  extraMetadataOption,
  wholeNumber,
} from "../options.ts";
import { runProcess } from "../run.ts";

export const csiSnapshotterCommand = () =>
  addApiOptions(new Command("csi-snapshotter"))
    .description("Cut and delete snapshots through a CSI driver; one beside each driver.")
    .addOption(csiAddressOption())
    .addOption(callTimeoutOption())
    .addOption(extraMetadataOption())
    .option("--snapshot-name-prefix <text>", "what names of snapshots on the storage begin with", "snapshot")
    .option("--snapshot-name-uuid-length <n>", "how much of the uid they keep; all by default", wholeNumber(1))
    .option("--groupsnapshot-name-prefix <text>", "the same for group snapshots", "groupsnapshot")
    .option("--groupsnapshot-name-uuid-length <n>", "the same for group snapshots", wholeNumber(1))
    .action(async (options: SnapshotterFlags) => {
      const { startCsiSnapshotter } = await import("../../processes/csi-snapshotter.ts");
      await runProcess({ name: "csi-snapshotter", verbosity: options.verbosity }, (around) =>
        startCsiSnapshotter({ ...options, timeoutMs: options.timeout }, around),
      );
    });

interface SnapshotterFlags extends ApiFlags {
  readonly csiAddress: string;
  readonly timeout: number;
  readonly extraCreateMetadata: boolean;
  readonly snapshotNamePrefix: string;
  readonly snapshotNameUuidLength?: number;
  readonly groupsnapshotNamePrefix: string;
  readonly groupsnapshotNameUuidLength?: number;
}
