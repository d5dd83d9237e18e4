import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { publishedPathAnnotation } from "../api/local-driver.ts";
import { parseMounts } from "../driver/filesystem/mounts.ts";
import type { KubeClient } from "../kube/client/kube-client.ts";
import { claims } from "../kube/core/claim.ts";
import type { Daemon } from "../lib/daemon.ts";
import { connect } from "../processes/connect.ts";
import { program } from "./program.ts";
import { loopsBelow, releaseScratch, scratchFolder } from "./scratch-pool.ts";
import { makeShop, type User, userOf } from "./user-cluster.ts";

/** `groupsnap start` of the built program as root has it: with volumes that are mounted. */
export interface RootCluster {
  readonly dataDir: string;
  /** Starts it, again on the same folder if it was started before. */
  start(...more: readonly string[]): Promise<StartedCluster>;
  /** Any other command, such as a part alone. */
  run(...args: readonly string[]): Promise<StartedCluster>;
  /** What is mounted at paths below the data folder. */
  mounts(): Promise<readonly string[]>;
  /** What is mounted below it, and devices over images in it. */
  left(): Promise<readonly string[]>;
  /** Ends what runs, and takes away all that is left. */
  remove(): Promise<void>;
}

export interface StartedCluster extends User {
  readonly client: KubeClient;
  readonly daemon: Daemon;
  /** The path of a claim's volume, once it is published for the first time. */
  published(claim: string): Promise<string>;
  /** Ends it. @returns its exit status; null if the signal ended it */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** Starting takes some dozens of processes, of tools. */
const startLimitMs = 60_000;

/** @param parent an existing folder for the data folder; a new one, which is swept like those of scratch pools, if absent */
export async function rootCluster(parent?: string): Promise<RootCluster> {
  const groupsnap = program([], await scratchFolder());
  const dataDir = join(parent ?? groupsnap.folder, "d");
  let isFirst = true;
  const run = async (...args: readonly string[]): Promise<StartedCluster> => {
    const daemon = await groupsnap.start(args, AbortSignal.timeout(startLimitMs));
    const client = await connect({ kubeconfig: join(dataDir, "kubeconfig"), userAgent: "user" });
    if (isFirst) await makeShop(client);
    isFirst = false;
    return startedOf(client, daemon);
  };
  const mounts = async () =>
    parseMounts(await readFile("/proc/self/mountinfo", "utf8"))
      .map(({ path }) => path)
      .filter((path) => path.startsWith(`${dataDir}/`));
  return {
    dataDir,
    run,
    start: (...more) => run("start", "--data-dir", dataDir, "--port", "0", ...more),
    mounts,
    left: async () => [...(await mounts()), ...(await loopsBelow(dataDir))],
    async remove() {
      await groupsnap.kill();
      await releaseScratch(groupsnap.folder);
    },
  };
}

function startedOf(client: KubeClient, daemon: Daemon): StartedCluster {
  const user = userOf(client);
  const pathOf = ({ metadata }: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }) =>
    metadata.annotations?.[publishedPathAnnotation];
  return {
    ...user,
    client,
    daemon,
    published: async (name) =>
      pathOf(await user.until(claims, name, (claim) => pathOf(claim) !== undefined)) ?? "nowhere",
    async end(signal) {
      client.close();
      return daemon.end(signal);
    },
  };
}
