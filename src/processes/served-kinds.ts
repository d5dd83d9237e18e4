import type { Cache } from "../kube/cache/cache.ts";
import type { Trouble } from "../kube/cache/health.ts";
import { nameOf } from "../kube/client/paths.ts";
import type { EventRecorder } from "../kube/controller/events.ts";
import { definitions } from "../kube/core/definition.ts";
import { apiVersionOf, type KubeObject, type Resource } from "../kube/object.ts";
import type { Health } from "./health.ts";

/** Ready means that the kind can be read, and was. */
export function readinessOf(resource: Resource, cache: Cache<KubeObject>, health: Health, signal: AbortSignal): void {
  let isRead = false;
  cache.synced(signal).then(
    () => {
      isRead = true;
    },
    () => undefined, // the process ends
  );
  health.ready(nameOf(resource), () => cache.trouble ?? (isRead ? undefined : "it has not been read yet"));
}

/**
 * Says, as an event, that a kind is not served, and that it is again. Where there is no such kind there is no object of it to
 * say so about, and the definition may not be there either: the event names it all the same, and is found where events of
 * things outside namespaces are, in "default".
 */
export function tellingOf(resource: Resource, events: EventRecorder): (trouble: Trouble | undefined) => void {
  let missing = false;
  const say = (type: "Normal" | "Warning", reason: string, message: string) =>
    events.say({ type, reason, message, regarding: definitionOf(resource) });
  return (trouble) => {
    if (trouble?.unserved && !missing) say("Warning", "KindNotServed", trouble.message);
    else if (missing && !trouble)
      say("Normal", "KindServed", `${nameOf(resource)} is served, and its objects are worked on`);
    missing = trouble ? missing || trouble.unserved : false;
  };
}

/** As much of a definition as an event needs; the cluster may know more, or nothing, of it. */
function definitionOf(resource: Resource): KubeObject {
  const metadata = { name: nameOf(resource), uid: "", resourceVersion: "", creationTimestamp: "" };
  return { apiVersion: apiVersionOf(definitions), kind: definitions.kind, metadata };
}
