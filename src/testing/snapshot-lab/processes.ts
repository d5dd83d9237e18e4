import type { Capabilities } from "../../csi/capabilities.ts";
import type { Csi } from "../../csi/client.ts";
import type { Client } from "../../kube/client/client.ts";
import type { ConnectionConfig } from "../../kube/client/connection.ts";
import { httpTransport } from "../../kube/client/http-transport.ts";
import { kubeClient } from "../../kube/client/kube-client.ts";
import type { Transport } from "../../kube/client/transport.ts";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { silent } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { runCsiSnapshotter } from "../../processes/csi-snapshotter.ts";
import { runSnapshotController } from "../../processes/snapshot-controller.ts";
import type { SnapshotOptions } from "../../snapshots/pairing/options.ts";

/** A request that a process sent. */
interface SeenRequest {
  readonly process: string;
  readonly method: string;
  readonly path: string;
}

export type ProcessName = "controller" | "sidecar";

interface ProcessOptions {
  readonly clock?: Clock;
  /** Stands between the process and its API. */
  readonly client?: (client: Client) => Client;
  /** Stands between the sidecar and its driver. */
  readonly csi?: (csi: Csi) => Csi;
  /** What an admin tells the controller. */
  readonly snapshots?: SnapshotOptions;
  /** The node of a sidecar that runs on every node. */
  readonly nodeName?: string;
  /** Whether that one looks for the snapshots of contents without a label, as by default it does. */
  readonly findPreProvisioned?: boolean;
}

export interface LabProcess {
  stop(): Promise<void>;
}

/** Starts and stops processes, and sees what they ask of the API. */
export interface Processes {
  /** What the processes have asked of the API, in order, but for watches. */
  readonly requests: readonly SeenRequest[];
  forgetRequests(): void;
  /** Starts a process with fresh caches; resolves when they are read. */
  start(process: ProcessName, options?: ProcessOptions): Promise<LabProcess>;
  /** Waits until the processes have asked nothing of the API for a while. */
  settled(): Promise<void>;
  stopAll(): Promise<void>;
}

const workers = { workerThreads: 10, workerActions: 64 };
const timeoutMs = 30_000;
/** Longer than any step of a process takes here. */
const quietMs = 40;
const same = <T>(value: T) => value;

export function processesOf(
  config: ConnectionConfig,
  driver: { readonly csi: Csi; readonly capabilities: Capabilities },
): Processes {
  const requests: SeenRequest[] = [];
  const running = new Set<LabProcess>();
  const { signal } = new AbortController();
  return {
    requests,
    forgetRequests: () => void requests.splice(0),
    async start(name, { clock = systemClock, client: between = same, csi = same, ...told } = {}) {
      const transport = counting(name, httpTransport(config), requests);
      const client = kubeClient({ config, userAgent: name, clock: systemClock, random: systemRandom, transport });
      const peers = { client: between(client), csi: csi(driver.csi), capabilities: driver.capabilities };
      const ending = new AbortController();
      const around = { clock, random: systemRandom, log: silent, signal: ending.signal };
      const { ended } = await run(name, { ...peers, ...told }, around);
      const process: LabProcess = {
        async stop() {
          running.delete(process);
          ending.abort();
          await ended.catch(() => undefined); // it ends by the signal's reason
          client.close();
        },
      };
      running.add(process);
      return process;
    },
    async settled() {
      for (let seen = -1; seen !== requests.length; await systemClock.sleep(quietMs, signal)) seen = requests.length;
    },
    async stopAll() {
      await Promise.all([...running].map((process) => process.stop()));
    },
  };
}

type Peers = Parameters<typeof runCsiSnapshotter>[0] &
  Pick<ProcessOptions, "snapshots" | "nodeName" | "findPreProvisioned">;
type Around = Parameters<typeof runCsiSnapshotter>[2];

function run(name: ProcessName, peers: Peers, around: Around): Promise<{ readonly ended: Promise<void> }> {
  const { client, snapshots, nodeName, findPreProvisioned = true } = peers;
  if (name === "controller") return runSnapshotController(client, { ...workers, ...snapshots }, around);
  const options = {
    ...workers,
    timeoutMs,
    extraCreateMetadata: false,
    findPreProvisioned,
    ...(nodeName && { nodeName }),
  };
  return runCsiSnapshotter(peers, options, around);
}

function counting(process: string, transport: Transport, requests: SeenRequest[]): Transport {
  return {
    send(request) {
      if (!request.watch) requests.push({ process, method: request.method, path: request.path });
      return transport.send(request);
    },
    close: () => transport.close(),
  };
}
