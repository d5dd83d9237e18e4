import { objectMetaSchema } from "../schema/object-meta.ts";
import type { Schema } from "../schema/schema.ts";
import { claimSpec } from "./claim.ts";
import {
  anything,
  atomic,
  flag,
  int32,
  int64,
  list,
  listBy,
  localReference,
  object,
  oneOf,
  quantities,
  text,
  textMap,
  texts,
} from "./fields.ts";

const environment = object(
  "A variable.",
  { name: text("Its name."), value: text("Its value."), valueFrom: anything("Where its value comes from.") },
  ["name"],
);

const port = object(
  "A port.",
  {
    name: text("Its name."),
    containerPort: int32("The port of the container.", { minimum: 1, maximum: 65535 }),
    hostPort: int32("The port of the node."),
    hostIP: text("The address of the node."),
    protocol: text("TCP, UDP or SCTP.", { default: "TCP" }),
  },
  ["containerPort"],
);

const mount = object(
  "Where a volume is mounted.",
  {
    name: text("The volume."),
    mountPath: text("Where."),
    subPath: text("Which folder of it."),
    subPathExpr: text("Which folder of it, with variables."),
    readOnly: flag("Read-only."),
    recursiveReadOnly: text("Whether mounts below are read-only as well."),
    mountPropagation: text("Whether later mounts are seen."),
    bindMountOptions: { ...texts("How it is mounted, in detail."), "x-kubernetes-list-type": "set" },
  },
  ["name", "mountPath"],
);

const container = object(
  "A container.",
  {
    name: text("Its name."),
    image: text("Its image."),
    imagePullPolicy: text("When the image is pulled."),
    command: texts("What it runs."),
    args: texts("The arguments."),
    workingDir: text("Where it runs."),
    ports: listBy("Its ports.", ["containerPort", "protocol"], port),
    env: listBy("Its variables.", ["name"], environment),
    envFrom: list("Where more variables come from.", anything("A source of variables.")),
    resources: object("What it may use.", {
      limits: quantities("At most this much."),
      requests: quantities("At least this much."),
      claims: {
        ...list("Devices.", anything("A device.")),
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
      },
    }),
    resizePolicy: list("Whether it restarts when that changes.", anything("A policy.")),
    volumeMounts: listBy("Where volumes are mounted.", ["mountPath"], mount),
    volumeDevices: listBy(
      "Where raw volumes are.",
      ["devicePath"],
      object("A raw volume.", { name: text("The volume."), devicePath: text("Where.") }, ["name", "devicePath"]),
    ),
    livenessProbe: anything("Restarted when this fails."),
    readinessProbe: anything("Serves while this succeeds."),
    startupProbe: anything("Up when this succeeds."),
    lifecycle: anything("What to run at start and end."),
    terminationMessagePath: text("Where it leaves its last words.", { default: "/dev/termination-log" }),
    terminationMessagePolicy: text("Where its last words come from.", { default: "File" }),
    securityContext: anything("What it may do."),
    restartPolicy: text("When it restarts."),
    restartPolicyRules: list("When it restarts, in detail.", anything("A rule.")),
    targetContainerName: text("Whom an ephemeral container looks at."),
    stdin: flag("It has an input."),
    stdinOnce: flag("Its input ends with the first client."),
    tty: flag("It has a terminal."),
  },
  ["name"],
);

const otherVolumes = (
  "emptyDir hostPath configMap secret projected downwardAPI nfs iscsi image fc rbd cephfs flexVolume gcePersistentDisk " +
  "awsElasticBlockStore gitRepo glusterfs cinder flocker azureFile vsphereVolume quobyte azureDisk photonPersistentDisk " +
  "portworxVolume scaleIO storageos"
).split(" ");

/** The kinds of volume that concern storage are described, the others kept as they come. */
const volume = object(
  "A volume of the pod.",
  {
    name: text("Its name."),
    persistentVolumeClaim: object("A claim.", { claimName: text("Its name."), readOnly: flag("Read-only.") }, [
      "claimName",
    ]),
    ephemeral: object("A claim made for the pod.", {
      volumeClaimTemplate: object(
        "The claim.",
        { metadata: anything("Its labels and annotations."), spec: claimSpec },
        ["spec"],
      ),
    }),
    csi: object(
      "A volume that a CSI driver makes for the pod.",
      {
        driver: text("Name of the driver."),
        readOnly: flag("The volume is published read-only."),
        fsType: text("The filesystem on it."),
        volumeAttributes: textMap("What the driver is told."),
        nodePublishSecretRef: localReference("Secret for publishing."),
      },
      ["driver"],
    ),
    ...Object.fromEntries(otherVolumes.map((name) => [name, anything(`A volume of type ${name}.`)])),
  },
  ["name"],
);

export const podSpec: Schema = object(
  "What runs, and where.",
  {
    containers: listBy("Its containers.", ["name"], container),
    initContainers: listBy("What runs before them.", ["name"], container),
    ephemeralContainers: listBy("What looks at them.", ["name"], container),
    volumes: { ...listBy("Its volumes.", ["name"], volume), "x-kubernetes-patch-strategy": "merge,retainKeys" },
    restartPolicy: oneOf("When containers restart.", ["Always", "OnFailure", "Never"], "Always"),
    terminationGracePeriodSeconds: { ...int64("How long it may take to end."), default: 30 },
    activeDeadlineSeconds: int64("How long it may run."),
    dnsPolicy: text("How names are resolved.", { default: "ClusterFirst" }),
    dnsConfig: anything("How names are resolved, in detail."),
    nodeSelector: atomic(textMap("Only on nodes with these labels.")),
    nodeName: text("The node it runs on."),
    serviceAccountName: text("Who it is."),
    serviceAccount: text("Older name of serviceAccountName."),
    automountServiceAccountToken: flag("It gets a token."),
    hostNetwork: flag("It uses the network of the node."),
    hostPID: flag("It sees the processes of the node."),
    hostIPC: flag("It shares memory with the node."),
    hostUsers: flag("It has the users of the node."),
    shareProcessNamespace: flag("Its containers see each other's processes."),
    securityContext: { ...anything("What it may do."), default: {} },
    imagePullSecrets: listBy("Secrets to pull images with.", ["name"], localReference("A secret.")),
    hostname: text("Its host name."),
    hostnameOverride: text("Its host name, whole."),
    subdomain: text("Its domain."),
    setHostnameAsFQDN: flag("Its host name is its whole name."),
    affinity: anything("Near what, and far from what."),
    schedulerName: text("Who finds a node for it.", { default: "default-scheduler" }),
    tolerations: list("Taints it bears.", anything("A taint.")),
    hostAliases: listBy("More names.", ["ip"], anything("A name.")),
    priorityClassName: text("How important it is."),
    priority: int32("How important it is."),
    preemptionPolicy: text("Whether it may push others out."),
    readinessGates: list("What else must hold before it is ready.", anything("A condition.")),
    runtimeClassName: text("What runs it."),
    enableServiceLinks: flag("It gets variables about services.", true),
    overhead: quantities("What it needs beside its containers."),
    topologySpreadConstraints: listBy(
      "How its like are spread.",
      ["topologyKey", "whenUnsatisfiable"],
      anything("A constraint."),
    ),
    os: anything("Its system."),
    schedulingGates: listBy("What holds it up.", ["name"], anything("A gate.")),
    resourceClaims: {
      ...listBy("Its devices.", ["name"], anything("A device.")),
      "x-kubernetes-patch-strategy": "merge,retainKeys",
    },
    resources: anything("What all its containers together may use."),
    schedulingGroup: anything("The pods it is scheduled with."),
    evictionResponders: listBy("Who is asked before it is evicted.", ["name"], anything("A responder.")),
  },
  ["containers"],
);

export const podTemplate: Schema = object("The pods that are made.", {
  metadata: objectMetaSchema,
  spec: podSpec,
});
