import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { crds } from "../../src/api/crds.ts";
import { groupSnapshotGroup } from "../../src/api/group-snapshot/resources.ts";
import { applyMergePatch } from "../../src/apiserver/patch/merge.ts";
import type { KubeClient } from "../../src/kube/client/kube-client.ts";
import { apiVersionOf, type KubeObject } from "../../src/kube/object.ts";
import { exec } from "../../src/lib/exec.ts";
import { isFailure } from "../../src/lib/failure.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { connect } from "../../src/processes/connect.ts";
import { type KubeApiserver, kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { binaries } from "./binaries.ts";
import { type RefusedWrite, refusedWrites } from "./refused-writes.ts";
import { definitionsOf } from "./upstream.ts";
import { patience } from "./webhook-process.ts";

/** Every write in every version that both upstream's newest definitions and ours serve. */
const writes = refusedWrites.flatMap((write) =>
  (write.resource.group === groupSnapshotGroup ? ["v1beta1", "v1beta2", "v1"] : ["v1"]).map((version) => ({
    ...write,
    title: `${write.resource.kind} ${version}, ${write.by}: ${write.what}`,
    resource: { ...write.resource, version },
  })),
);

let api: KubeApiserver;
let client: KubeClient;
let theirs: ReadonlyMap<string, string>;
let ours: ReadonlyMap<string, string>;
beforeAll(async () => {
  api = await kubeApiserver(binaries());
  client = await connect({ kubeconfig: api.kubeconfigPath, userAgent: "test" });
  await kubectl("create", ...definitionsOf("v8.7.0"));
  theirs = await refusals();
  await kubectl("apply", "--server-side", "--force-conflicts", "-f", "deploy/crds");
  await vi.waitFor(
    () => create({ resource: { ...first.resource, version: "v1alpha1" }, object: first.object }),
    patience,
  );
  ours = await refusals();
}, 120_000);
afterAll(async () => {
  client.close();
  await api.stop();
});

const [first] = writes as [(typeof writes)[number]];
const call = () => ({ signal: AbortSignal.timeout(20_000) });
const kubectl = (...args: readonly string[]) =>
  exec([join(binaries(), "kubectl"), "--kubeconfig", api.kubeconfigPath, ...args], { timeoutMs: 30_000, ...call() });

/** What every write was refused with, by title. */
async function refusals(): Promise<ReadonlyMap<string, string>> {
  await kubectl("wait", "--for=condition=Established", "crd", ...crds.map(({ metadata }) => metadata.name));
  await vi.waitFor(() => create(first), patience);
  const refused = new Map<string, string>();
  for (const write of writes) {
    await attempt(write).catch((error: unknown) => {
      if (!isFailure(error, "invalid")) throw error;
      refused.set(write.title, error.message);
    });
  }
  return refused;
}

type Write = Pick<RefusedWrite, "resource" | "object">;

/** Stores an object under a name of its own. */
function create({ resource, object }: Write): Promise<KubeObject> {
  const metadata = { generateName: "o-", ...(resource.namespaced && { namespace: "default" }) };
  const draft = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata, ...object };
  return client.create(resource, draft, call());
}

async function attempt({ resource, object, change, by }: RefusedWrite): Promise<void> {
  if (by === "create")
    return void (await create({
      resource,
      object: applyMergePatch(object as JsonObject, change as JsonObject) as object,
    })); // plain data
  const { metadata } = await create({ resource, object });
  const subresource = by === "status" ? { subresource: "status" as const } : {};
  const patch = (told: object) =>
    client.patch(resource, metadata, { type: "merge", patch: told }, { ...call(), ...subresource });
  if (by === "status") await patch(object);
  await patch(change);
}

test("our definitions refuse what upstream's refuse, each in the same versions", () => {
  expect(theirs.size).toBeGreaterThan(writes.length * 0.8);
  expect([...ours.keys()]).toEqual([...theirs.keys()]);
});

test("our definitions say what is wrong with each write, and with which field", () => {
  const bare = [...ours].filter(([, message]) => !/(spec|status|driver|deletionPolicy|parameters)\b.*: /.test(message));
  expect(bare).toEqual([]);
});
