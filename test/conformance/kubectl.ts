import { join } from "node:path";
import { exec } from "../../src/lib/exec.ts";
import { binaries } from "./binaries.ts";

/** Longer than any single command here waits for. */
const limitMs = 90_000;

/** kubectl on one cluster: gives what it prints, throws what it complains of. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

export function kubectlOn(kubeconfig: string): Kubectl {
  return async (args, input) => {
    const argv = [join(binaries(), "kubectl"), "--kubeconfig", kubeconfig, ...args] as const;
    const signal = AbortSignal.timeout(limitMs);
    const { stdout } = await exec(argv, { timeoutMs: limitMs, signal, ...(input === undefined ? {} : { input }) });
    return stdout;
  };
}
