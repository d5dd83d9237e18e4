import { localDriverName } from "../api/local-driver.ts";
import { introduceToKubelet } from "../csi/kubelet-registration.ts";
import type { Helpers } from "../driver/candidates.ts";
import { startDriver } from "../driver/driver.ts";
import type { PoolImage } from "../driver/pool/pool-image.ts";
import { type HttpOptions, serveMetrics } from "./http-endpoint.ts";
import { programPath } from "./program.ts";
import { closedOn, type Running, type Surroundings } from "./surroundings.ts";

/** The storage driver alone: volumes of this machine, served over CSI. */
export async function startDriverProcess(
  options: {
    readonly endpoint: string;
    readonly nodeId: string;
    readonly pool: string;
    /** As `DriverOptions`. */
    readonly stateDir?: string;
    readonly poolSize?: bigint;
    readonly poolImage?: PoolImage | undefined;
    readonly engine: string;
    /** The kubelet's folder for that, where it is to know the driver. */
    readonly pluginRegistrationPath?: string;
  } & Partial<HttpOptions>,
  around: Surroundings,
): Promise<Running> {
  const metrics = await serveMetrics({ metricsPath: "/metrics", ...options }, around);
  const driver = await startDriver({
    endpoint: options.endpoint,
    nodeId: options.nodeId,
    poolDir: options.pool,
    ...(options.stateDir === undefined ? {} : { stateDir: options.stateDir }),
    ...(options.poolSize === undefined ? {} : { poolSizeBytes: options.poolSize }),
    ...(options.poolImage && { poolImage: options.poolImage }),
    engine: options.engine,
    helpers: helpers(),
    driverName: localDriverName,
    clock: around.clock,
    random: around.random,
    log: around.log,
  });
  metrics?.storage(driver);
  const close = () => driver.close();
  const introduced = await introductionOf(options, around).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const ended = closedOn(around.signal, () => introduced.end().then(close));
  return { ready: `${localDriverName} at ${options.endpoint}`, ended };
}

/** How the driver starts what it runs beside itself: as processes of this program. */
export const helpers = (): Helpers => ({
  blockEngine: [process.execPath, programPath(), "block-engine"],
  watchdog: [process.execPath, programPath(), "freeze-watchdog"],
});

/** Only a driver that serves is introduced: the kubelet calls it at once. */
async function introductionOf(
  options: { readonly endpoint: string; readonly pluginRegistrationPath?: string },
  { clock, log }: Surroundings,
) {
  const { endpoint, pluginRegistrationPath: registryDir } = options;
  if (registryDir === undefined) return { end: async () => undefined };
  return introduceToKubelet({ registryDir, driverName: localDriverName, endpoint, clock, log });
}
