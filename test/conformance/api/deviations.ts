import type { Deviations } from "./run.ts";

/** Where the embedded server is not like kube-apiserver: not yet, or on purpose. By title of the case, with the reason. */
export const deviations: Deviations = {
  "an unknown kind of a group that is served is 404, and no Status":
    "on purpose: a Status tells more than a plain page",
  "there is no HEAD of anything": "not yet: HEAD is answered like GET",
  "every answer carries the id that its request is audited by": "not yet: nothing is audited",
  "a request that asks for indentation gets it": "not yet",
  "a version lists its resources with verbs, short names, categories and subresources": "not yet: no scale",
  "the core group lists what every client looks for": "not yet: namespaces/finalize is served, but not listed",
  "deployments and stateful sets have a scale subresource": "not yet",
  "one request discovers all groups, for clients that take it": "not yet: no scale",
  "aggregated discovery has an ETag, and answers 304 to those who have it already": "not yet",
  "health is told check by check to those who ask": "not yet: health is one word",
  "the paths that are served are listed at the root": "not yet",
  "a document at its hashed address may be kept": "not yet: clients ask again",
  "a hash that is no longer current leads to the one that is": "not yet: the current one is answered at once",
  "the schemas of built-in kinds have the keys that patches and apply merge their lists by": "not yet",
  "only the first row of a watch's tables brings the columns": "not yet: each event brings them",
  "fields select what a custom kind says can be selected, and nothing else": "not yet: another wording",
  "a deletion of what nothing holds is answered with a Success that names it": "not yet: the Status carries a code",
  "options of a deletion come in the body or in the query": "not yet: an object that is orphaned goes at once",
  "a collection over all namespaces cannot be deleted": "not yet: it is deleted",
  "a pod that no kubelet knows goes at once, and one on a node waits for its grace period":
    "on purpose: there is no kubelet to wait for",
  "claims and volumes get the finalizer that protects them from deletion while in use":
    "not yet: the node's part protects them",
  "a quantity that cannot be one is 400": "not yet: 422",
  "a custom kind's scale tells replicas and selector from where its definition says": "not yet: no scale",
  "scaling a custom resource changes its replicas and raises its generation": "not yet: no scale",
  "a negative number of replicas is refused": "not yet: no scale",
  "a deployment is scaled": "not yet: no scale",
  "names and labels are held to their rules, each told by its field": "not yet: finalizers are not checked",
  "metadata of the wrong type is 400": "not yet: 422 with the field's name",
  "a value of the wrong type in a built-in kind is 400, as it cannot be read": "on purpose: 422 with the field's name",
  "a pod is checked: containers, names, images, and volumes that its mounts name":
    "on purpose: pods are records, nobody runs them",
  "a ConfigMap over 1 MiB is 422 TooLong": "on purpose: the cause names the field",
  "the old path of watches, before the resource, does what the parameter does": "not yet",
  "one object is watched by its old path, and its own path with the parameter only reads it": "not yet",
  "an object with a version cannot be made": "on purpose: 400, not 500",
  "an update creates a lease that is not there": "not yet",
};
