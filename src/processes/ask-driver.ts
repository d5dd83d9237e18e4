import { type Capabilities, capabilitiesOf } from "../csi/capabilities.ts";
import { connect } from "../csi/client.ts";
import { failureOf } from "../lib/failure.ts";

/** What a CSI driver says of itself, or why it says nothing. */
export interface DriverSaid {
  readonly address: string;
  readonly name?: string;
  readonly version?: string;
  /** GetPluginInfo's manifest: words of the driver's own choice. */
  readonly manifest: Readonly<Record<string, string>>;
  /** Absent where it did not say. */
  readonly can?: DriverCan;
  readonly trouble?: string;
}

export interface DriverCan {
  /** Snapshots of one volume. */
  readonly snapshots: boolean;
  /** Snapshots of several volumes at one instant. */
  readonly groups: boolean;
}

/** Longer than a driver that is there takes. */
const timeoutMs = 10_000;

/** Asks the driver at a socket who it is and whether it works. @throws Failure "invalid" for an impossible address */
export async function askDriver(address: string, signal: AbortSignal): Promise<DriverSaid> {
  const csi = connect({ address });
  const call = { signal, timeoutMs };
  try {
    const { name, vendorVersion: version, manifest } = await csi.identity.getPluginInfo({}, call);
    const said = { address, name, version, manifest };
    try {
      const { ready } = await csi.identity.probe({}, call);
      if (ready === false) return { ...said, trouble: "it says that it is not ready" };
      return { ...said, can: canOf(await capabilitiesOf(csi, call)) };
    } catch (error) {
      return { ...said, trouble: failureOf(error).message };
    }
  } catch (error) {
    return { address, manifest: {}, trouble: failureOf(error).message };
  } finally {
    csi.close();
  }
}

const canOf = ({ plugin, controller, group }: Capabilities): DriverCan => ({
  snapshots: controller.has("CREATE_DELETE_SNAPSHOT"),
  groups: plugin.has("GROUP_CONTROLLER_SERVICE") && group.has("CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT"),
});
