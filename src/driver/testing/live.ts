import type { Csi } from "../../csi/client.ts";
import type { Step } from "../pool/workshop.ts";
import { block, call } from "../testing.ts";

/** Makes two volumes and a group of them, deletes the group and a volume: every step of the journal is passed. */
export async function live({ controller, groupController }: Csi): Promise<void> {
  const made = await Promise.all(["a", "b"].map((name) => controller.createVolume(aVolume(name), call)));
  const ids = made.map((answer) => answer.volume?.volumeId ?? "");
  const { groupSnapshot } = await groupController.createVolumeGroupSnapshot(group(ids), call);
  const bigger = { volumeId: ids[0] ?? "", capacityRange: { requiredBytes: 2n << 20n } };
  await controller.controllerExpandVolume(bigger, call);
  await groupController.deleteVolumeGroupSnapshot({ groupSnapshotId: groupSnapshot?.groupSnapshotId ?? "" }, call);
  await controller.deleteVolume({ volumeId: ids[1] ?? "" }, call);
}

const group = (ids: readonly string[]) => ({ name: "group", sourceVolumeIds: [...ids] });
export const aVolume = (name: string) => ({
  name,
  capacityRange: { requiredBytes: 1n << 20n },
  volumeCapabilities: [block],
});

/** The steps of the journal that `live` passes, and the how-manyeth time. */
export const deadlySteps: readonly (readonly [Step, number])[] = [
  ["volume intended", 1],
  ["volume intended", 2],
  ["volume filled", 1],
  ["cut intended", 1],
  ["cut taken", 1],
  ["cut copied", 1],
  ["growth intended", 1],
  ["snapshot deletion intended", 1],
  ["snapshot images deleted", 1],
  ["volume deletion intended", 1],
  ["volume image deleted", 1],
];
