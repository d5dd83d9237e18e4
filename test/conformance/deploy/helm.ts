import { exec } from "../../../src/lib/exec.ts";

const limitMs = 60_000;

/** Runs the helm that GROUPSNAP_HELM names, with a configuration of its own in `folder`. @throws Failure with what it says */
export async function helm(
  args: readonly string[],
  where: { readonly folder: string; readonly kubeconfig?: string },
): Promise<string> {
  const helmPath = process.env.GROUPSNAP_HELM;
  if (!helmPath) throw new Error("name a helm, such as version 3.22.0, in GROUPSNAP_HELM");
  const { folder, kubeconfig } = where;
  const env = {
    HELM_CONFIG_HOME: `${folder}/helm`,
    HELM_CACHE_HOME: `${folder}/helm`,
    HELM_DATA_HOME: `${folder}/helm`,
    ...(kubeconfig && { KUBECONFIG: kubeconfig }),
  };
  const { stdout } = await exec([helmPath, ...args], {
    timeoutMs: limitMs,
    signal: AbortSignal.timeout(limitMs),
    env,
  });
  return stdout;
}
