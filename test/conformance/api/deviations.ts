import type { Deviations } from "./run.ts";

/** Where the embedded server is not like kube-apiserver, on purpose. By title of the case, with the reason. */
export const deviations: Deviations = {
  "an unknown kind of a group that is served is 404, and no Status":
    "on purpose: a Status tells more than a plain page",
  "every answer carries the id that its request is audited by": "on purpose: nothing is audited",
  "a pod that no kubelet knows goes at once, and one on a node waits for its grace period":
    "on purpose: there is no kubelet to wait for",
  "a quantity that cannot be one is 400": "on purpose: 422 with the field's name",
  "metadata of the wrong type is 400": "on purpose: 422 with the field's name",
  "a value of the wrong type in a built-in kind is 400, as it cannot be read": "on purpose: 422 with the field's name",
  "a pod is checked: containers, names, images, and volumes that its mounts name":
    "on purpose: pods are records, nobody runs them",
  "a ConfigMap over 1 MiB is 422 TooLong": "on purpose: the cause names the field",
  "the old path of watches, before the resource, does what the parameter does":
    "on purpose: the parameter took its place long ago",
  "one object is watched by its old path": "on purpose: the parameter took its place long ago",
  "an object with a version cannot be made": "on purpose: 400, not 500",
  "an object is converted when it is read, listed and watched in another version than it was made in":
    "on purpose: converters are handed in, no webhook is called",
  "a webhook that refuses is heard: its words are in the answer":
    "on purpose: converters are handed in, no webhook is called",
  "a webhook that is gone holds up the other versions alone":
    "on purpose: converters are handed in, no webhook is called",
};
