import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Csi, connect } from "../csi/client.ts";
import { serve } from "../csi/server.ts";
import type { Clock } from "../lib/clock.ts";
import { systemClock } from "../lib/clock.ts";
import { groupService } from "./scripted-driver/groups.ts";
import { identityService } from "./scripted-driver/identity.ts";
import { nodeService } from "./scripted-driver/node.ts";
import { aScript, type Script, scripted } from "./scripted-driver/script.ts";
import { snapshotService } from "./scripted-driver/snapshots.ts";
import { volumeService } from "./scripted-driver/volumes.ts";
import { aWorld, type CapabilityName, type World } from "./scripted-driver/world.ts";

export interface ScriptedDriverOptions {
  /** "scripted.csi.example.com" unless told otherwise. */
  readonly name?: string;
  /** The node it runs on; "node-1" unless told otherwise. */
  readonly nodeId?: string;
  /** What it can not do: it does not say so, and answers UNIMPLEMENTED where that is a call of its own. */
  readonly without?: readonly CapabilityName[];
  /** Volumes that are there from the start. */
  readonly volumes?: readonly { readonly id: string; readonly sizeBytes?: bigint }[];
  readonly clock?: Clock;
  /** What it says that its snapshots are worth; nothing, as most drivers, unless told otherwise. */
  readonly consistency?: string;
}

/** A CSI driver in this process, in memory, on a real socket. It does everything right, but for what a test scripts. */
export interface ScriptedDriver extends Script {
  readonly name: string;
  readonly address: string;
  /** A client connected to it. */
  readonly csi: Csi;
  /** What it holds. */
  readonly world: World;
  /** Ends like a process that was killed, and starts again with what it held. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a driver in a temporary folder; `stop` removes it. */
export async function scriptedDriver(options: ScriptedDriverOptions = {}): Promise<ScriptedDriver> {
  const name = options.name ?? "scripted.csi.example.com";
  const folder = await mkdtemp(join(tmpdir(), "gs-scripted-"));
  const address = join(folder, "csi.sock");
  const world = aWorld({
    name,
    nodeId: options.nodeId ?? "node-1",
    clock: options.clock ?? systemClock,
    without: options.without ?? [],
    consistency: options.consistency,
  });
  for (const { id, sizeBytes = 1n << 30n } of options.volumes ?? []) world.addVolume({ id, name: id, sizeBytes });
  const script = aScript(world);
  const start = () =>
    serve({
      address,
      identity: scripted(script, identityService(world)),
      controller: scripted(script, { ...volumeService(world), ...snapshotService(world) }),
      node: scripted(script, nodeService(world)),
      ...(world.can("GROUP_CONTROLLER_SERVICE") ? { groupController: scripted(script, groupService(world)) } : {}),
    });
  let server = await start();
  const csi = connect({ address });
  return {
    ...script,
    name,
    address,
    csi,
    world,
    async restart() {
      await server.stop(0);
      server = await start();
    },
    async stop() {
      csi.close();
      await server.stop(0);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
