import type { JsonObject } from "../../lib/json.ts";
import { ageColumn, column, nameColumn, orNone, wideColumn } from "./columns.ts";
import type { KindDefinition } from "./define.ts";
import { anything, conditions, flag, list, listBy, object, quantities, text, texts, time } from "./fields.ts";
import { at, objectAt, objectsAt, textAt } from "./read.ts";

const info = Object.fromEntries(
  [
    ["machineID", "Id of the machine."],
    ["systemUUID", "Id of its hardware."],
    ["bootID", "Id of its last start."],
    ["kernelVersion", "Its kernel."],
    ["osImage", "Its system."],
    ["containerRuntimeVersion", "What runs its containers."],
    ["kubeletVersion", "What runs its pods."],
    ["kubeProxyVersion", "No longer filled in."],
    ["operatingSystem", "linux, for example."],
    ["architecture", "amd64, for example."],
  ].map(([name = "", description = ""]) => [name, text(description)]),
);

export const node: KindDefinition = {
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  clusterScoped: true,
  hasStatus: true,
  description: "A machine of the cluster.",
  selectableFields: ["spec.unschedulable"],
  fields: {
    spec: object("What the machine is told.", {
      podCIDR: text("Addresses of its pods."),
      podCIDRs: {
        ...texts("Addresses of its pods."),
        "x-kubernetes-list-type": "set",
        "x-kubernetes-patch-strategy": "merge",
      },
      providerID: text("What its provider calls it."),
      unschedulable: flag("No new pods."),
      taints: list(
        "What keeps pods away from the node.",
        object(
          "A taint.",
          {
            key: text("Its key."),
            value: text("Its value."),
            effect: text("What it does."),
            timeAdded: time("Since when."),
          },
          ["key", "effect"],
        ),
      ),
      configSource: anything("No longer used."),
      externalID: text("No longer used."),
      podPreemptionPolicy: anything("How pods push others out."),
    }),
    status: object("How it is.", {
      capacity: quantities("What it has."),
      allocatable: quantities("What pods may use."),
      phase: text("No longer filled in."),
      conditions: conditions("How it is."),
      addresses: listBy(
        "Where it is reached.",
        ["type"],
        object("An address.", { type: text("What kind of address."), address: text("The address.") }, [
          "type",
          "address",
        ]),
      ),
      nodeInfo: object("What it is.", {
        ...info,
        swap: anything("Its swap space."),
        runningInUserNamespace: flag("Its kubelet runs as a user."),
      }),
      daemonEndpoints: anything("Where its kubelet listens."),
      images: list("Images it has.", anything("An image.")),
      volumesInUse: texts("Volumes in use."),
      volumesAttached: list(
        "Volumes attached.",
        object("A volume.", { name: text("Its name."), devicePath: text("Where it is.") }, ["name", "devicePath"]),
      ),
      runtimeHandlers: list("What its runtime can do.", anything("A handler.")),
      features: anything("What its runtime can do."),
      config: anything("No longer used."),
      declaredFeatures: texts("What its kubelet can do."),
    }),
  },
  columns: [
    nameColumn,
    column("Status", "Ready, NotReady or Unknown, and whether it takes pods.", statusOf),
    column("Roles", "Its roles.", rolesOf),
    ageColumn,
    column("Version", "Its kubelet.", (it) => textAt(it, "status", "nodeInfo", "kubeletVersion")),
    wideColumn("Internal-IP", "Its address inside.", (it) => addressOf(it, "InternalIP")),
    wideColumn("External-IP", "Its address outside.", (it) => addressOf(it, "ExternalIP")),
    wideColumn("OS-Image", "Its system.", (it) => textAt(it, "status", "nodeInfo", "osImage") || "<unknown>"),
    wideColumn(
      "Kernel-Version",
      "Its kernel.",
      (it) => textAt(it, "status", "nodeInfo", "kernelVersion") || "<unknown>",
    ),
    wideColumn(
      "Container-Runtime",
      "What runs its containers.",
      (it) => textAt(it, "status", "nodeInfo", "containerRuntimeVersion") || "<unknown>",
    ),
  ],
};

function statusOf(node: JsonObject): string {
  const ready = objectsAt(node, "status", "conditions").find((condition) => condition.type === "Ready");
  const words = [!ready ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"];
  if (at(node, "spec", "unschedulable") === true) words.push("SchedulingDisabled");
  return words.join(",");
}

const rolePrefix = "node-role.kubernetes.io/";

function rolesOf(node: JsonObject): string {
  const labels = Object.keys(objectAt(node, "metadata", "labels"));
  const roles = labels.filter((label) => label.startsWith(rolePrefix)).map((label) => label.slice(rolePrefix.length));
  return orNone(roles.sort().join(","));
}

const addressOf = (node: JsonObject, type: string) =>
  orNone(textAt(objectsAt(node, "status", "addresses").find((address) => address.type === type) ?? {}, "address"));
