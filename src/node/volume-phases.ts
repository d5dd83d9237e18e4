import { type ObserveContext, type Reconciler, watch } from "../kube/controller/controller.ts";
import { type Claim, claims } from "../kube/core/claim.ts";
import type { Volume } from "../kube/core/volume.ts";
import { keyOf } from "../kube/object.ts";
import { byClaim, type NodeDeps } from "./deps.ts";
import { actPhase } from "./phases/act.ts";
import { decidePhase, type PhaseAction, type PhaseSeen } from "./phases/decide.ts";

/** Keeps each volume's phase what its claim says, and keeps volumes that are bound. */
export function volumePhases(deps: NodeDeps): Reconciler<Volume, PhaseSeen, PhaseAction> {
  const { caches } = deps;
  return {
    name: "node-volume-phases",
    kind: caches.volumes,
    watches: [
      watch(caches.claims, ({ metadata }) =>
        caches.volumes.by(byClaim, keyOf(metadata)).map((volume) => volume.metadata.name),
      ),
    ],
    observe: async (volume, context) => ({ volume, claim: await claimOf(volume, context, deps), now: context.now }),
    decide: decidePhase,
    act: actPhase,
    onFailure: () => ({ reason: "FailedPhase", steps: [], next: { when: "onChange" } }),
    factsOf: ({ volume, claim }) => [volume.spec, volume.metadata.deletionTimestamp, claim?.spec.volumeName],
  };
}

/** A released volume may be deleted with its data, so that its claim is gone is believed only when read live. */
async function claimOf(
  { spec: { claimRef } }: Volume,
  { client, signal }: ObserveContext,
  { caches }: NodeDeps,
): Promise<Claim | undefined> {
  if (!claimRef?.uid) return undefined;
  const cached = caches.claims.get(keyOf(claimRef));
  if (cached?.metadata.uid === claimRef.uid) return cached;
  const found = await client.find(claims, claimRef, { signal });
  return found?.metadata.uid === claimRef.uid ? found : undefined;
}
