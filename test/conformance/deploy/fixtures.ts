import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The Deployment under which upstream's manifests run its controller, as far as taking it over is concerned. */
export const upstreamDeployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "snapshot-controller", namespace: "kube-system" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { "app.kubernetes.io/name": "snapshot-controller" } },
    template: {
      metadata: { labels: { "app.kubernetes.io/name": "snapshot-controller" } },
      spec: {
        serviceAccountName: "snapshot-controller",
        containers: [{ name: "snapshot-controller", image: "upstream:8", args: ["--leader-election=true"] }],
      },
    },
  },
};

/** A definition of the Prometheus operator that takes anything: its own is not ours to copy. */
export function operatorCrd(kind: string): string {
  const plural = `${kind.toLowerCase()}s`;
  const openAPIV3Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return JSON.stringify({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.monitoring.coreos.com` },
    spec: {
      group: "monitoring.coreos.com",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope: "Namespaced",
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  });
}

/** Writes the chart of a CSI driver that depends on ours. @returns its folder */
export function driverChart(folder: string): string {
  const chart = join(folder, "my-driver");
  mkdirSync(join(chart, "templates"), { recursive: true });
  cpSync("deploy/helm/groupsnap", join(chart, "charts/groupsnap"), { recursive: true });
  writeFileSync(join(chart, "Chart.yaml"), "apiVersion: v2\nname: my-driver\nversion: 0.0.1\n");
  writeFileSync(
    join(chart, "templates/driver.yaml"),
    `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: my-driver
spec:
  template:
    spec:
      containers:
        {{- include "groupsnap.csiSnapshotter" (dict "image" "groupsnap:0.1.0" "volume" "socket" "args" (list "--timeout=2m")) | nindent 8 }}
`,
  );
  return chart;
}
