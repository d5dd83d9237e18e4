import type { Tools } from "./tools.ts";

/** What a device says about what is on it. */
export interface Signature {
  /** "ext4", "xfs", "btrfs", "gpt" ... */
  readonly type: string;
  readonly uuid?: string;
}

/** Undefined for a device on which nothing is known to be. */
export async function signatureOf(device: string, tools: Tools): Promise<Signature | undefined> {
  const { stdout } = await tools.run(["wipefs", "--no-act", "--json", device]);
  if (stdout.trim() === "") return undefined;
  const { signatures = [] } = JSON.parse(stdout) as { signatures?: readonly Signature[] }; // wipefs(8) says so
  return signatures[0];
}
