import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import { socketPathOf } from "./address.ts";
import { serve } from "./server.ts";

export interface Introduction {
  /** Where this machine's kubelet looks for plugins: /var/lib/kubelet/plugins_registry. */
  readonly registryDir: string;
  readonly driverName: string;
  /** The driver's own socket, under a path that the kubelet can use. */
  readonly endpoint: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The kubelet compares this with the versions of CSI that it speaks. */
const supportedVersions = ["1.0.0"];

/**
 * Introduces a driver to this machine's kubelet: the kubelet finds the socket in its registry, asks who that is, and says
 * whether it takes it. When the socket goes, the node has the driver no more.
 *
 * @returns ends the introduction
 * @throws Failure as `serve`
 */
export async function introduceToKubelet(introduction: Introduction): Promise<{ readonly end: () => Promise<void> }> {
  const { registryDir, driverName, clock, log } = introduction;
  const endpoint = socketPathOf(introduction.endpoint);
  const server = await serve({
    address: join(registryDir, `${driverName}-reg.sock`),
    clock,
    log,
    registration: {
      getInfo: async () => ({ type: "CSIPlugin", name: driverName, endpoint, supportedVersions }),
      async notifyRegistrationStatus({ pluginRegistered, error }) {
        const remedy = "the kubelet tries again; look at its log and at the driver's NodeGetInfo";
        if (pluginRegistered) log.info({ driver: driverName }, "the kubelet has taken the driver");
        else log.error({ driver: driverName, error }, `the kubelet refuses the driver: ${remedy}`);
        return {};
      },
    },
  });
  return { end: () => server.stop(0) };
}
