import { exec } from "../../../src/lib/exec.ts";

/** The helm that GROUPSNAP_HELM names; undefined where nobody promised one. */
export const helmPath = process.env.GROUPSNAP_HELM || undefined;

const limitMs = 60_000;

/** Runs helm with a configuration of its own in `folder`. @throws Failure with what it says */
export async function helm(
  args: readonly string[],
  where: { readonly folder: string; readonly kubeconfig?: string },
): Promise<string> {
  if (helmPath === undefined) throw new Error("name a helm in GROUPSNAP_HELM");
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
