import { connect } from "../csi/client.ts";
import { failureOf } from "../lib/failure.ts";

/** What a CSI driver says of itself, or why it says nothing. */
export interface DriverSaid {
  readonly address: string;
  readonly name?: string;
  readonly version?: string;
  /** GetPluginInfo's manifest: words of the driver's own choice. */
  readonly manifest: Readonly<Record<string, string>>;
  readonly trouble?: string;
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
    const trouble = await csi.identity.probe({}, call).then(
      ({ ready }) => (ready === false ? "it says that it is not ready" : undefined),
      (error: unknown) => failureOf(error).message,
    );
    return trouble === undefined ? said : { ...said, trouble };
  } catch (error) {
    return { address, manifest: {}, trouble: failureOf(error).message };
  } finally {
    csi.close();
  }
}
