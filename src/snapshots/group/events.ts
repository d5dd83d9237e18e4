import { groupReasons } from "../../api/reasons.ts";
import type { EventValue } from "../../kube/controller/plan.ts";
import type { KubeObject } from "../../kube/object.ts";
import { notice } from "../pairing/obstacle.ts";

/** What is said in the course of a group's life where all goes well. */
export function creating(group: KubeObject): EventValue {
  return notice(group, groupReasons.creating, `Waiting for the driver to cut group snapshot ${group.metadata.name}`);
}

export function created(group: KubeObject): EventValue {
  return notice(group, groupReasons.created, `The driver has cut group snapshot ${group.metadata.name}`);
}

export function ready(group: KubeObject): EventValue {
  return notice(group, groupReasons.ready, `Every member of group snapshot ${group.metadata.name} is ready to use`);
}
