import type { JsonObject } from "../../lib/json.ts";
import { ageColumn, column, nameColumn, orNone, wideColumn } from "./columns.ts";
import type { KindDefinition } from "./define.ts";
import { anything, conditions, int64, list, listBy, object, quantities, text, time } from "./fields.ts";
import { podSpec } from "./pod-spec.ts";
import { at, objectsAt, textAt, withField } from "./read.ts";

export const pod: KindDefinition = {
  kind: "Pod",
  plural: "pods",
  shortNames: ["po"],
  categories: ["all"],
  hasStatus: true,
  hasGeneration: true,
  description: "Containers that run together on one node. Kept as a record: nothing here runs it.",
  selectableFields: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ],
  fields: {
    spec: podSpec,
    status: object("How it is.", {
      phase: text("Pending, Running, Succeeded, Failed or Unknown."),
      conditions: conditions("How it is."),
      message: text("Why, for people."),
      reason: text("Why, in one word."),
      nominatedNodeName: text("The node it is to get."),
      hostIP: text("Address of its node."),
      hostIPs: list("Addresses of its node.", object("An address.", { ip: text("The address.") })),
      podIP: text("Its address."),
      podIPs: listBy("Its addresses.", ["ip"], object("An address.", { ip: text("The address.") })),
      startTime: time("When it began."),
      initContainerStatuses: list("How its first containers are.", anything("A container.")),
      containerStatuses: list("How its containers are.", anything("A container.")),
      ephemeralContainerStatuses: list("How its guests are.", anything("A container.")),
      qosClass: text("How well it is served."),
      resize: text("A resize under way."),
      resourceClaimStatuses: listBy("Its devices.", ["name"], anything("A device.")),
      extendedResourceClaimStatus: anything("The devices made for it."),
      nodeAllocatableResourceClaimStatuses: list("What its devices take of the node.", anything("A device.")),
      allocatedResources: quantities("What it was given."),
      resources: anything("What it uses."),
      volumeHealth: list("How its volumes are.", anything("A volume.")),
      observedGeneration: int64("The generation this was said of."),
    }),
  },
  required: ["spec"],
  columns: [
    nameColumn,
    column("Ready", "Containers that are ready, of all.", readyText),
    column("Status", "How it is.", phaseOf),
    column("Restarts", "How often containers restarted.", (it) =>
      String(containers(it).reduce((sum, one) => sum + Number(one.restartCount ?? 0), 0)),
    ),
    ageColumn,
    wideColumn("IP", "Its address.", (it) => orNone(textAt(it, "status", "podIP"))),
    wideColumn("Node", "Its node.", (it) => orNone(textAt(it, "spec", "nodeName"))),
    wideColumn("Nominated Node", "The node it is to get.", (it) => orNone(textAt(it, "status", "nominatedNodeName"))),
    wideColumn("Readiness Gates", "What else must hold.", gatesText),
  ],
  prepare: (object, { verb }) =>
    verb === "create" ? withField(object, "status", { phase: "Pending", qosClass: "BestEffort" }) : object,
};

const containers = (pod: JsonObject) => objectsAt(pod, "status", "containerStatuses");

function readyText(pod: JsonObject): string {
  return `${containers(pod).filter((one) => one.ready === true).length}/${objectsAt(pod, "spec", "containers").length}`;
}

function phaseOf(pod: JsonObject): string {
  if (at(pod, "metadata", "deletionTimestamp") !== undefined) return "Terminating";
  return textAt(pod, "status", "reason") || textAt(pod, "status", "phase");
}

function gatesText(pod: JsonObject): string {
  const gates = objectsAt(pod, "spec", "readinessGates").map((gate) => textAt(gate, "conditionType"));
  const met = objectsAt(pod, "status", "conditions").filter(
    (condition) => condition.status === "True" && gates.includes(textAt(condition, "type")),
  );
  return gates.length === 0 ? "<none>" : `${met.length}/${gates.length}`;
}
