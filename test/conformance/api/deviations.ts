import type { Deviations } from "./run.ts";

/** Where the embedded server is not like kube-apiserver: not yet, or on purpose. By title of the case, with the reason. */
export const deviations: Deviations = {
  "an unknown kind of a group that is served is 404, and no Status":
    "on purpose: a Status tells more than a plain page",
  "there is no HEAD of anything": "not yet: HEAD is answered like GET",
  "every answer carries the id that its request is audited by": "not yet: nothing is audited",
  "query parameters that cannot be understood are refused: 400 for what selects, 422 for what says how to write":
    "not yet: all are 400",
  "a request that asks for indentation gets it": "not yet",
  "a version lists its resources with verbs, short names, categories and subresources": "not yet: no scale",
  "the core group lists what every client looks for": "not yet: namespaces/finalize is served, but not listed",
  "service accounts have a token subresource": "not yet",
  "deployments and stateful sets have a scale subresource": "not yet",
  "one request discovers all groups, for clients that take it": "not yet: no scale",
  "aggregated discovery has an ETag, and answers 304 to those who have it already": "not yet",
  "health is told check by check to those who ask": "not yet: health is one word",
  "the paths that are served are listed at the root": "not yet",
  "a document at its hashed address may be kept": "not yet: clients ask again",
  "a hash that is no longer current leads to the one that is": "not yet: the current one is answered at once",
  "the schemas of built-in kinds have the keys that patches and apply merge their lists by": "not yet",
  "only the first row of a watch's tables brings the columns": "not yet: each event brings them",
  "a list is ordered by name, and its built-in items carry neither kind nor version": "not yet: they carry them",
  "a page cannot be asked for at a version of one's own": "not yet: the version is not looked at",
  "a page whose past is gone is 410 Expired, with a token to go on from the present": "not yet: no token with the 410",
  "a way to match versions needs a version, and exactly zero is no version": "not yet: 400 instead of 422",
  "fields select what a custom kind says can be selected, and nothing else": "not yet: another wording",
  "an object can be read at least as new as a version, and one from the future is 504":
    "not yet: no version is waited for",
};
