import { type LoopDevices, loopDevices } from "./loop.ts";
import { type Mounts, machineMounts } from "./mounts.ts";
import { machineTools, type Tools } from "./tools.ts";

/** What this machine's kernel and tools do with disks. */
export interface Machine {
  readonly tools: Tools;
  readonly loops: LoopDevices;
  readonly mounts: Mounts;
}

/** @param signal ends the tools that run */
export function machineOf(signal: AbortSignal): Machine {
  const tools = machineTools(signal);
  return { tools, loops: loopDevices(tools), mounts: machineMounts(tools) };
}
