import { type Reconciler, watch } from "../kube/controller/controller.ts";
import type { Claim } from "../kube/core/claim.ts";
import { keyOf } from "../kube/object.ts";
import { actBinding } from "./binding/act.ts";
import { type BindingAction, decideBinding } from "./binding/decide.ts";
import { type BindingSeen, observeBinding } from "./binding/observe.ts";
import { claimsOf, type NodeDeps, unboundByClass } from "./deps.ts";

/** Gives each claim a volume that exists, or asks the class's driver for one. */
export function claimBinder(deps: NodeDeps): Reconciler<Claim, BindingSeen, BindingAction> {
  const { caches } = deps;
  const unbound = (className: string) =>
    caches.claims.by(unboundByClass, className).map(({ metadata }) => keyOf(metadata));
  return {
    name: "node-claim-binder",
    kind: caches.claims,
    watches: [
      watch(caches.volumes, ({ spec }) =>
        spec.claimRef ? [keyOf(spec.claimRef)] : unbound(spec.storageClassName ?? ""),
      ),
      watch(caches.storageClasses, ({ metadata }) => [...unbound(metadata.name), ...unbound("")]),
      watch(caches.pods, claimsOf),
    ],
    observe: (claim, context) => observeBinding(claim, context, deps),
    decide: decideBinding,
    act: actBinding,
    onFailure: ({ claim }, { failure }) => ({
      reason: "FailedBinding",
      steps: [],
      next: { when: "onChange" },
      events: [{ type: "Warning", reason: "FailedBinding", message: failure.message, regarding: claim }],
    }),
    factsOf: ({ claim, storageClass, named, reserved, free, inUse }) => ({
      spec: claim.spec,
      deletionTimestamp: claim.metadata.deletionTimestamp,
      provisioner: storageClass?.provisioner,
      volumes: [named, ...reserved, ...free].map((volume) => volume?.spec),
      inUse,
    }),
  };
}
