import type { Process } from "../../api/permissions.ts";
import type { ContainerSeen, PodSeen } from "./observed.ts";

/** A container of a cluster that does what one of our processes does: ours, or upstream's. */
export interface ProcessSeen {
  readonly pod: PodSeen;
  readonly container: ContainerSeen;
  readonly process: Process;
  readonly by: "groupsnap" | "upstream";
  /** Feature gates that it was given. */
  readonly gates: Readonly<Record<string, boolean>>;
}

const ours: readonly Process[] = ["snapshot-controller", "csi-snapshotter", "webhook", "provisioner"];
/** Upstream's images are named after their process, wherever they are kept. */
const upstreams = /(?:^|\/)(snapshot-controller|csi-snapshotter)(?=[:@]|$)/;

export function processesIn(pods: readonly PodSeen[]): readonly ProcessSeen[] {
  return pods
    .filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed")
    .flatMap((pod) => pod.spec.containers.flatMap((container) => processIn(pod, container)));
}

/** Our image is told by its first argument what to be. */
function processIn(pod: PodSeen, container: ContainerSeen): readonly ProcessSeen[] {
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  const gates = gatesIn(words);
  const own = ours.find((process) => container.args?.[0] === process);
  if (own) return [{ pod, container, process: own, by: "groupsnap", gates }];
  const [, name] = upstreams.exec(container.image) ?? [];
  const process = ours.find((candidate) => candidate === name);
  return process ? [{ pod, container, process, by: "upstream", gates }] : [];
}

/** `--feature-gates=A=true,B=false`, with one dash or two, in one word or two; v8.1 and older had a flag of their own. */
function gatesIn(words: readonly string[]): Readonly<Record<string, boolean>> {
  const values = words.flatMap((word, i) => {
    const [, value] = /^--?feature-gates(?:=(.*))?$/.exec(word) ?? [];
    if (/^--?enable-volume-group-snapshots(=true)?$/.test(word)) return ["CSIVolumeGroupSnapshot=true"];
    return /^--?feature-gates/.test(word) ? [value ?? words[i + 1] ?? ""] : [];
  });
  return Object.fromEntries(
    values
      .flatMap((value) => value.split(","))
      .map((pair) => pair.split("="))
      .map(([name = "", value]) => [name.trim(), value?.trim() === "true"] as const),
  );
}

/** Up to v8.6 upstream's processes leave groups alone unless a gate says otherwise; since v8.7 unless it says so. */
export function worksOnGroups({ by, gates, container }: ProcessSeen): boolean {
  const given = gates.CSIVolumeGroupSnapshot;
  if (by === "groupsnap") return true;
  if (given !== undefined) return given;
  const [, major, minor] = /:v?(\d+)\.(\d+)/.exec(container.image) ?? [];
  return major === undefined || Number(major) > 8 || (Number(major) === 8 && Number(minor) >= 7);
}
