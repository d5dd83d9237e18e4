import { join } from "node:path";
import type { Capabilities } from "../../csi/capabilities.ts";
import type { Claim } from "../../kube/core/claim.ts";
import type { Volume } from "../../kube/core/volume.ts";
import type { NodeDeps } from "../deps.ts";
import type { PublishedRecord } from "./records.ts";

/** Every fact from which it is decided whether a claim's volume appears on this machine. */
export interface PublishingSeen {
  readonly claim: Claim;
  /** The volume it is bound to. */
  readonly volume: Volume | undefined;
  readonly capabilities: Capabilities;
  /** What is published for this claim, or was begun. */
  readonly record: PublishedRecord | undefined;
  /** The driver has been told so by this process. */
  readonly isPublished: boolean;
  /** An earlier claim's volume, still at the path that this claim's volume is to have. */
  readonly predecessor: PublishedRecord | undefined;
  readonly targetPath: string;
  readonly stagingPath: string;
}

export function observePublishing(claim: Claim, deps: NodeDeps, published: ReadonlySet<string>): PublishingSeen {
  const { caches, records, capabilities, options } = deps;
  const { uid, namespace = "", name } = claim.metadata;
  const targetPath = join(options.dataDir, "volumes", namespace, name);
  const atPath = records.at(targetPath);
  return {
    claim,
    volume: caches.volumes.get(claim.spec.volumeName ?? ""),
    capabilities,
    record: records.get(uid),
    isPublished: published.has(uid),
    predecessor: atPath?.claimUid === uid ? undefined : atPath,
    targetPath,
    stagingPath: join(options.dataDir, "staging", uid),
  };
}
