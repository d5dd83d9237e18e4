import { join, resolve } from "node:path";
import { localDriverName } from "../api/local-driver.ts";
import { lockDataFolder } from "../apiserver/config/data-folder.ts";
import type { Client } from "../kube/client/client.ts";
import { isHeld, leases } from "../kube/core/lease.ts";
import { startApiserver } from "./apiserver.ts";
import { connect } from "./connect.ts";
import { defaultWorkers } from "./controller-host.ts";
import { closedWith, connectDriver } from "./csi.ts";
import { runCsiSnapshotter } from "./csi-snapshotter.ts";
import { startGraceful } from "./graceful.ts";
import { installCrds, installLocalClasses } from "./install.ts";
import { runNode, thisNode } from "./node.ts";
import { runProvisioner } from "./provisioner.ts";
import { runSnapshotController } from "./snapshot-controller.ts";
import { startStorage } from "./standalone-storage.ts";
import { aborted, closedOn, type Running, type Surroundings } from "./surroundings.ts";

export interface StandaloneOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly poolSize?: bigint;
  /** How cuts are taken, and with it what volumes are; "auto" for the best that works here. */
  readonly engine: string;
  /** Work on this cluster instead of on an API of our own. */
  readonly kubeconfig?: string;
}

const calls = { timeoutMs: 60_000, extraCreateMetadata: false } as const;

/**
 * Everything in one process: an API, a driver, and all that works between them. Stops in the opposite order, so that
 * controllers still have an API and a driver to finish with.
 */
export async function startStandalone(options: StandaloneOptions, around: Surroundings): Promise<Running> {
  const dataDir = resolve(options.dataDir);
  const [api, driver, controllers] = stages(around);
  around.signal.addEventListener("abort", controllers.stop, { once: true }); // also while they wait for a cluster
  const server = options.kubeconfig
    ? await holdFolder({ dataDir, kubeconfig: options.kubeconfig }, api.around)
    : await startApiserver({ dataDir, port: options.port, crds: true }, api.around);
  const kubeconfig = server.ready.replace("kubeconfig ", "");
  const socket = join(dataDir, "csi.sock");
  const client = await connect({ kubeconfig, userAgent: "groupsnap-start" });
  const furnished = furnish(client, { withCrds: options.kubeconfig !== undefined }, around);
  furnished.catch(() => undefined); // is waited for once there is something to take down
  const storage = await startStorage({ ...options, dataDir, socket }, driver.around);
  const below: Order = [
    { stage: driver, ended: storage.ended },
    { stage: api, ended: server.ended },
  ];
  try {
    await furnished;
    const given = { client, socket, dataDir, kubeconfig };
    const { ended } = await startGraceful(controllers.around, (own) => startControllers(given, own));
    const order = [{ stage: controllers, ended }, ...below];
    return { ready: `kubeconfig ${kubeconfig}`, ended: inTurn(around.signal, order) };
  } catch (error) {
    await stopInTurn(below);
    throw error;
  }
}

/** In place of an API of our own, which does the same: two on one folder would unmount each other's pool. */
async function holdFolder(
  { dataDir, kubeconfig }: { readonly dataDir: string; readonly kubeconfig: string },
  around: Surroundings,
): Promise<Running> {
  const unlock = await lockDataFolder(dataDir);
  return { ready: `kubeconfig ${kubeconfig}`, ended: closedOn(around.signal, async () => unlock()) };
}

/** Our own API comes with the definitions; a cluster gets those that it lacks. */
async function furnish(
  client: Client,
  { withCrds }: { readonly withCrds: boolean },
  around: Surroundings,
): Promise<void> {
  if (withCrds) await installCrds(client, around.clock, around.signal);
  await installLocalClasses(client, around.signal);
}

async function startControllers(
  given: { readonly client: Client; readonly kubeconfig: string; readonly socket: string; readonly dataDir: string },
  around: Surroundings,
): Promise<Running> {
  const { socket, dataDir, kubeconfig } = given;
  const driver = await connectDriver(socket, around);
  closedWith(around.signal, driver);
  const clientOf = (name: string) => connect({ kubeconfig, userAgent: `groupsnap-${name}` });
  const options = { ...defaultWorkers, ...calls };
  const here = { dataDir, nodeName: thisNode() };
  const needsNode = !(await hasControllerManager(given.client, around));
  const running = await Promise.all([
    ...(needsNode ? [clientOf("node").then((client) => runNode({ client, ...driver }, here, around))] : []),
    clientOf("provisioner").then((client) => runProvisioner({ client, ...driver }, options, around)),
    clientOf("snapshot-controller").then((client) => runSnapshotController(client, options, around)),
    clientOf("csi-snapshotter").then((client) => runCsiSnapshotter({ client, ...driver }, options, around)),
  ]);
  around.log.info({ driver: localDriverName, node: thisNode() }, "all controllers work");
  return { ready: "controllers", ended: Promise.all(running.map(({ ended }) => ended)).then(() => undefined) };
}

/** A cluster with a controller manager binds its claims itself, and its kubelets publish them. */
async function hasControllerManager(client: Client, { clock, signal }: Surroundings): Promise<boolean> {
  const lease = await client.find(leases, { namespace: "kube-system", name: "kube-controller-manager" }, { signal });
  return isHeld(lease, clock.now());
}

/** A stage of the process has a signal of its own, so that it can be stopped before the others. */
interface Stage {
  readonly around: Surroundings;
  readonly stop: () => void;
}

function stages(around: Surroundings): readonly [Stage, Stage, Stage] {
  const stage = (): Stage => {
    const stopped = new AbortController();
    return {
      around: { ...around, signal: stopped.signal },
      stop: () => stopped.abort(around.signal.reason),
    };
  };
  return [stage(), stage(), stage()];
}

type Order = readonly { readonly stage: Stage; readonly ended: Promise<void> }[];

/** Waits for the signal, then stops one stage after the other. A stage that ends by itself takes the others with it. */
async function inTurn(signal: AbortSignal, order: Order): Promise<void> {
  await Promise.race([aborted(signal), ...order.map(({ ended }) => ended)]);
  await stopInTurn(order);
}

async function stopInTurn(order: Order): Promise<void> {
  for (const { stage, ended } of order) {
    stage.stop();
    await ended;
  }
}
