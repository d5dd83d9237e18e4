import { existsSync } from "node:fs";
import { join } from "node:path";
import { throwAwayApi } from "../../../src/testing/cluster.ts";
import { kubeApiserver } from "../../../src/testing/kube-apiserver.ts";
import { kubeControllerManager } from "../../../src/testing/kube-controller-manager.ts";
import { type RawClient, type RawTarget, rawClient } from "../../../src/testing/raw-client.ts";

/** A Kubernetes API that the suite can be run on. */
export interface Server extends RawTarget {
  readonly clientCertPem: string;
  readonly clientKeyPem: string;
  /** Makes the store forget its past, which a server does by and by. Resolves with the oldest version it still knows. */
  forget(): Promise<number>;
  stop(): Promise<void>;
}

/** Changes that the embedded server holds in the suite: few, so that it can be made to forget. */
const window = { changes: 200, bytes: 32 << 20 };

export async function embedded(): Promise<Server> {
  const api = await throwAwayApi({ window, protectInUse: true });
  return { ...api, forget: () => outwrite(api) };
}

/** Writes that come together share a commit. */
const lanes = 8;

/** Writes until the window holds nothing of before. */
async function outwrite(target: RawTarget): Promise<number> {
  const client = rawClient(target);
  const first = await churn(client);
  const lane = async () => {
    for (let i = 0; i < window.changes / lanes; i++) await churn(client);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  client.close();
  return first;
}

/** Writes something, and tells its version. */
async function churn(client: RawClient): Promise<number> {
  const body = { metadata: { generateName: "forget-" } };
  const answer = await client.send("POST", "/api/v1/namespaces/default/configmaps", { body });
  return Number((answer.body.metadata as { resourceVersion: string }).resourceVersion); // of an object that was made
}

/** A real kube-apiserver, and a kube-controller-manager where there is one, from a folder of binaries. */
export async function real(binaries: string): Promise<Server> {
  const api = await kubeApiserver(binaries);
  const manager = hasControllers(binaries) ? kubeControllerManager(binaries, api.kubeconfigPath) : undefined;
  const stop = async () => {
    await manager?.stop();
    await api.stop();
  };
  return { ...api, forget: () => compact(api), stop };
}

/** True if the real server comes with what empties namespaces, collects garbage and makes service accounts. */
export const hasControllers = (binaries: string) => existsSync(join(binaries, "kube-controller-manager"));

/** What kube-apiserver does every five minutes: tells its etcd, and by a key in it all others that serve from it. */
async function compact(target: RawTarget & { readonly etcdUrl: string }): Promise<number> {
  const client = rawClient(target);
  const revision = await churn(client);
  client.close();
  const etcd = async (path: string, request: object) => {
    const { ok, status } = await fetch(target.etcdUrl + path, { method: "POST", body: JSON.stringify(request) });
    if (!ok) throw new Error(`etcd answered ${path} with ${status}`);
  };
  await etcd("/v3/kv/compaction", { revision });
  await etcd("/v3/kv/put", { key: btoa("compact_rev_key"), value: btoa(String(revision)) });
  return revision;
}
