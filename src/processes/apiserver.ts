import { crds } from "../api/crds.ts";
import { groupConverters } from "../api/group-snapshot/converters.ts";
import { startApiServer } from "../apiserver/server.ts";
import { closedOn, type Running, type Surroundings } from "./surroundings.ts";

/** The embedded API server alone. */
export async function startApiserver(
  options: { readonly dataDir: string; readonly port: number; readonly crds: boolean },
  around: Surroundings,
): Promise<Running> {
  const server = await startApiServer({
    dataDir: options.dataDir,
    port: options.port,
    crds: options.crds ? crds : [],
    converters: groupConverters,
    protectInUse: true,
    clock: around.clock,
    random: around.random,
    log: around.log,
  });
  return { ready: `kubeconfig ${server.kubeconfigPath}`, ended: closedOn(around.signal, () => server.close()) };
}
