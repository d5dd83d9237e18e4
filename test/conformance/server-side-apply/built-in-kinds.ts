import { expect, test } from "vitest";
import type { Asked } from "../both-servers.ts";
import { gears, types } from "./gears.ts";
import { bothNow, same } from "./same.ts";

const here = "/api/v1/namespaces/apply";
const maps = `${here}/configmaps`;
const asKind = (kind: string, name: string, parts: object) => ({
  apiVersion: "v1",
  kind,
  metadata: { name },
  ...parts,
});
const apply = ({ send }: Asked, path: string, body: object) => send("PATCH", path, { body, contentType: types.apply });

same(
  "a built-in kind is owned by the program that wrote it when no manager is named",
  "built-in",
  async (_, { send }) => {
    for (const agent of ["kubectl/v1.37.2 (linux/amd64)", "/", `${"z".repeat(150)}/v1`, "with space"])
      await send("POST", maps, {
        body: { metadata: { generateName: "agent-", name: `agent-${agent.length}` }, data: { a: "1" } },
        headers: { "user-agent": agent },
      });
    await send("POST", maps, { body: { metadata: { name: "agent-none" }, data: { a: "1" } } });
  },
);

same("a built-in kind forgets its owners when a client sends an empty list of them", "built-in", async (_, server) => {
  const { send } = server;
  await send("POST", `${maps}?fieldManager=me`, {
    body: { metadata: { name: "m", labels: { a: "1" } }, data: { x: "1" } },
  });
  await apply(server, `${maps}/m?fieldManager=one`, asKind("ConfigMap", "m", { data: { x: "2", y: "1" } }));
  await send("PUT", `${maps}/m?fieldManager=two`, {
    body: { metadata: { name: "m", managedFields: [] }, data: { x: "2" } },
  });
  await send("PUT", `${maps}/m?fieldManager=two`, { body: { metadata: { name: "m" }, data: { x: "5" } } });
  await apply(server, `${maps}/m?fieldManager=three`, asKind("ConfigMap", "m", { data: { x: "5" } }));
  await send("PUT", `${maps}/m`, {
    body: { metadata: { name: "m" }, data: { x: "6" } },
    headers: { "user-agent": "put/1" },
  });
});

same(
  "a built-in kind has maps, sets and references that are owned as Kubernetes owns them",
  "built-in",
  async (_, server) => {
    const { send } = server;
    const accounts = `${here}/serviceaccounts`;
    await send("POST", `${accounts}?fieldManager=me`, {
      body: { metadata: { name: "sa" }, secrets: [{ name: "x" }], imagePullSecrets: [{ name: "q" }] },
    });
    const other = asKind("ServiceAccount", "sa", { secrets: [{ name: "y" }], imagePullSecrets: [{ name: "r" }] });
    await apply(server, `${accounts}/sa?fieldManager=y`, other);
    await apply(server, `${accounts}/sa?fieldManager=y&force=1`, other);
    await send("POST", `${here}/secrets?fieldManager=me`, {
      body: { metadata: { name: "s" }, stringData: { a: "b" } },
    });
    await apply(
      server,
      `${here}/secrets/s?fieldManager=x`,
      asKind("Secret", "s", { stringData: { c: "d" }, data: { e: "Zg==" } }),
    );
    const rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/apply";
    const roleRef = { kind: "Role", name: "r", apiGroup: "rbac.authorization.k8s.io" };
    await send("POST", `${rbac}/roles?fieldManager=me`, {
      body: { metadata: { name: "r" }, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] },
    });
    await send("POST", `${rbac}/rolebindings?fieldManager=me`, {
      body: { metadata: { name: "r" }, roleRef, subjects: [{ kind: "User", name: "x" }] },
    });
    const leases = "/apis/coordination.k8s.io/v1/namespaces/apply/leases";
    await send("POST", `${leases}?fieldManager=me`, {
      body: { metadata: { name: "l" }, spec: { holderIdentity: "a", leaseDurationSeconds: 5 } },
    });
  },
);

test("a built-in kind of the volume world has the owners that it has on a real server", async () => {
  const { embedded, real } = await bothNow().run(async (server) => {
    await writeClaims(server);
    await writeVolumes(server);
  });
  expect(ownersIn(real).length).toBe(volumeWorldWrites);
  expect(ownersIn(embedded)).toEqual(ownersIn(real));
});

const volumeWorldWrites = 12;

async function writeClaims(server: Asked): Promise<void> {
  const { send } = server;
  const claim = {
    accessModes: ["ReadWriteOnce"],
    storageClassName: "c",
    resources: { requests: { storage: "1Gi" } },
  };
  const source = {
    selector: { matchLabels: { a: "b" } },
    dataSource: { kind: "PersistentVolumeClaim", name: "z" },
  };
  const claims = `${here}/persistentvolumeclaims`;
  await send("POST", `${claims}?fieldManager=me`, {
    body: { metadata: { name: "p" }, spec: { ...claim, ...source } },
  });
  await apply(server, `${claims}/q?fieldManager=y`, asKind("PersistentVolumeClaim", "q", { spec: claim }));
  const bound = {
    phase: "Bound",
    capacity: { storage: "1Gi" },
    conditions: [{ type: "Resizing", status: "True" }],
  };
  await send("PATCH", `${claims}/q/status?fieldManager=k`, {
    body: { status: { phase: "Bound", capacity: bound.capacity } },
    contentType: types.strategic,
  });
  await apply(server, `${claims}/p/status?fieldManager=k`, asKind("PersistentVolumeClaim", "p", { status: bound }));
}

async function writeVolumes({ send }: Asked): Promise<void> {
  const storage = "/apis/storage.k8s.io/v1";
  const volume = {
    accessModes: ["ReadWriteOnce"],
    capacity: { storage: "1Gi" },
    csi: {
      driver: "d",
      volumeHandle: "h",
      nodeStageSecretRef: { name: "a", namespace: "b" },
      volumeAttributes: { a: "b" },
    },
    claimRef: { name: "q", namespace: "apply" },
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "Exists" }] }] } },
  };
  await send("POST", "/api/v1/persistentvolumes?fieldManager=me", {
    body: { metadata: { name: "pv" }, spec: volume },
  });
  await send("PATCH", "/api/v1/persistentvolumes/pv?fieldManager=b", {
    body: { spec: { claimRef: { uid: "u" } } },
    contentType: types.merge,
  });
  await send("PATCH", "/api/v1/persistentvolumes/pv/status?fieldManager=b", {
    body: { status: { phase: "Bound" } },
    contentType: types.merge,
  });
  await send("POST", `${storage}/storageclasses?fieldManager=me`, {
    body: { metadata: { name: "sc" }, provisioner: "x.y", parameters: { a: "b" } },
  });
  await send("POST", `${storage}/volumeattachments?fieldManager=me`, {
    body: {
      metadata: { name: "va" },
      spec: { attacher: "a", nodeName: "n", source: { persistentVolumeName: "p" } },
    },
  });
  await send("PATCH", `${storage}/volumeattachments/va/status?fieldManager=z`, {
    body: { status: { attached: true } },
    contentType: types.merge,
  });
  await send("POST", `${storage}/csinodes?fieldManager=me`, {
    body: { metadata: { name: "n" }, spec: { drivers: [{ name: "d", nodeID: "x", topologyKeys: ["a"] }] } },
  });
  await send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldManager=me", {
    body: {
      ...gears,
      metadata: { name: "cogs.ssa.example" },
      spec: { ...gears.spec, names: { plural: "cogs", kind: "Cog" } },
    },
  });
}

/** Code and owners of each answer; the rest of these kinds is another suite's. */
const ownersIn = (answers: readonly unknown[]) =>
  (answers as { step: string; code: number; body: { metadata?: { managedFields?: unknown } } }[]).map(
    ({ step, code, body }) => [step, code, body.metadata?.managedFields],
  );
