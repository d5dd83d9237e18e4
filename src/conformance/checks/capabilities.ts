import { GroupControllerServiceCapability_RPC_Type as Rpc } from "../../csi/gen/csi_pb.js";
import { type Failure, failureOf, isFailure } from "../../lib/failure.ts";
import type { Check } from "../check.ts";
import type { Driver } from "../driver.ts";
import { cut } from "../groups.ts";
import type { Lab } from "../lab.ts";

export const capabilities: Check = {
  name: "capabilities",
  claim: "the plugin's capabilities and those of its group controller say the same, and what they say is there",
  spec: "GetPluginCapabilities, GroupControllerGetCapabilities",
  needs: [],
  async run(lab) {
    const { plugin } = lab.offer;
    return { violations: plugin.has("GROUP_CONTROLLER_SERVICE") ? await unkept(lab) : await unsaid(lab.driver) };
  },
};

/** What the driver promises and does not have: an empty request is to be refused for what it lacks. */
async function unkept(lab: Lab): Promise<readonly string[]> {
  const { driver, offer } = lab;
  if (!offer.group.has("CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT")) return [];
  const calls = [
    cut(lab, { name: "", volumeIds: [] }),
    driver.groupController.deleteVolumeGroupSnapshot({}),
    driver.groupController.getVolumeGroupSnapshot({}),
  ];
  const failures = await Promise.all(calls.map((call) => call.then(() => undefined, failureOf)));
  return failures
    .filter((failure): failure is Failure => isFailure(failure, "unimplemented"))
    .map(({ message }) => `the driver has CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT, but ${message}`);
}

/** What the driver has and does not say: nobody would ever call it. */
async function unsaid({ groupController }: Driver): Promise<readonly string[]> {
  try {
    const { capabilities: said } = await groupController.groupControllerGetCapabilities({});
    const canCut = said.some(({ type }) => type.value?.type === Rpc.CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT);
    if (!canCut) return [];
    return [
      "the group controller has CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT, " +
        "but GetPluginCapabilities does not name GROUP_CONTROLLER_SERVICE",
    ];
  } catch (error) {
    if (isFailure(error, "unimplemented")) return [];
    throw error;
  }
}
