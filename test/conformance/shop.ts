import { groupClasses, groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import type { GroupSnapshotContentSpec, GroupSnapshotSpec } from "../../src/api/group-snapshot/types.ts";
import type { GroupVersion } from "../../src/api/group-snapshot/versions.ts";
import { classes, contents, snapshots } from "../../src/api/snapshot/resources.ts";
import type { DeletionPolicy, SnapshotContentSpec, SnapshotSpec } from "../../src/api/snapshot/types.ts";
import { type Csi, connect as connectCsi } from "../../src/csi/client.ts";
import type { KubeClient } from "../../src/kube/client/kube-client.ts";
import { waitFor } from "../../src/kube/client/wait.ts";
import { claims } from "../../src/kube/core/claim.ts";
import { namespaces } from "../../src/kube/core/namespace.ts";
import { volumes } from "../../src/kube/core/volume.ts";
import { type At, apiVersionOf, type KubeObject, type Resource } from "../../src/kube/object.ts";
import { isFailure } from "../../src/lib/failure.ts";
import { connect } from "../../src/processes/connect.ts";
import { aClaim, aVolumeFor, boundTo } from "../../src/testing/objects/storage.ts";

/** A namespace on any API, with claims on volumes of any CSI driver, and classes "delete" and "retain" for both kinds. */
export interface Shop {
  readonly namespace: string;
  readonly client: KubeClient;
  readonly csi: Csi;
  readonly driver: string;
  /** A claim labelled app=NAME, bound to a new volume of the driver. Gives the volume's handle. */
  claim(name: string, app: string): Promise<string>;
  group(name: string, spec: GroupSnapshotSpec): Promise<void>;
  groupContent(name: string, spec: GroupSnapshotContentSpec): Promise<void>;
  single(name: string, spec: SnapshotSpec): Promise<void>;
  content(name: string, spec: SnapshotContentSpec): Promise<void>;
  /** Waits until the object is as wanted, or gone where `is` is left out. */
  until<T extends KubeObject>(resource: Resource<T>, name: string, is?: (object: T) => boolean): Promise<T | undefined>;
  remove(resource: Resource, name: string): Promise<void>;
  /** Waits until no object of a snapshot kind is left. */
  untilEmpty(): Promise<void>;
  /** The handles of all snapshots that the driver has. */
  leftOnStorage(): Promise<readonly string[]>;
  close(): void;
}

const policies: readonly DeletionPolicy[] = ["Delete", "Retain"];

/** Long enough for upstream's retries, which begin at a second. */
const waitLimitMs = 20_000;
const call = () => ({ signal: AbortSignal.timeout(waitLimitMs) });
const csiCall = () => ({ ...call(), timeoutMs: 10_000 });

export async function aShop(where: {
  readonly kubeconfig: string;
  readonly csiAddress: string;
  readonly namespace: string;
  /** In which the group classes are made; the newest unless told otherwise. */
  readonly version?: GroupVersion;
}): Promise<Shop> {
  const { namespace, version = "v1" } = where;
  const client = await connect({ kubeconfig: where.kubeconfig, userAgent: "test" });
  const csi = connectCsi({ address: where.csiAddress });
  const { name: driver } = await csi.identity.getPluginInfo({}, csiCall());
  await furnish({ client, driver, namespace }, version);
  const make = <T extends KubeObject>(resource: Resource<T>, name: string, rest: object) =>
    client.create(resource, draftOf(resource, { namespace, name }, rest) as never, call()); // the API server checks it
  return {
    namespace,
    client,
    csi,
    driver,
    claim: (name, app) => claimOn({ client, csi, driver, namespace }, name, app),
    group: async (name, spec) => void (await make(groupSnapshots, name, { spec })),
    groupContent: async (name, spec) => void (await make(groupContents, name, { spec })),
    single: async (name, spec) => void (await make(snapshots, name, { spec })),
    content: async (name, spec) => void (await make(contents, name, { spec })),
    until: (resource, name, is) => until(client, resource, { namespace, name }, is),
    remove: async (resource, name) => void (await client.delete(resource, atOf(resource, { namespace, name }), call())),
    untilEmpty: () => untilEmpty(client),
    leftOnStorage: async () => {
      const { entries } = await csi.controller.listSnapshots({}, csiCall());
      return entries.map(({ snapshot }) => snapshot?.snapshotId ?? "");
    },
    close() {
      csi.close();
      client.close();
    },
  };
}

const atOf = ({ namespaced }: Resource, { namespace, name }: At): At => (namespaced ? { namespace, name } : { name });

const draftOf = (resource: Resource, at: At, rest: object) => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  metadata: atOf(resource, at),
  ...rest,
});

/** Namespace and classes; those of an earlier shop may be there. */
async function furnish(
  { client, driver, namespace }: Pick<Shop, "client" | "driver" | "namespace">,
  version: GroupVersion,
): Promise<void> {
  const wanted: (readonly [Resource, string, object])[] = [
    [namespaces, namespace, {}],
    ...policies.flatMap((deletionPolicy) =>
      [classes, { ...groupClasses, version }].map(
        (resource) => [resource, deletionPolicy.toLowerCase(), { driver, deletionPolicy }] as const,
      ),
    ),
  ];
  for (const [resource, name, rest] of wanted)
    await client
      .create(resource, draftOf(resource, { namespace, name }, rest) as never, call())
      .catch((error: unknown) => {
        if (!isFailure(error, "exists")) throw error;
      });
}

const filesystem = { accessMode: { mode: 1 }, accessType: { case: "mount" as const, value: {} } };

async function claimOn(
  { client, csi, driver, namespace }: Pick<Shop, "client" | "csi" | "driver" | "namespace">,
  name: string,
  app: string,
): Promise<string> {
  const volumeName = `${namespace}-${name}`;
  const capacityRange = { requiredBytes: 1n << 20n };
  const made = await csi.controller.createVolume(
    { name: volumeName, capacityRange, volumeCapabilities: [filesystem] },
    csiCall(),
  );
  const volumeHandle = made.volume?.volumeId ?? "";
  const wanted = aClaim(name, { volumeName, resources: { requests: { storage: "1Mi" } } });
  const metadata = { name, namespace, labels: { app } };
  const claim = await client.create(claims, { ...wanted, metadata }, call());
  const volume = aVolumeFor(claim, { csi: { driver, volumeHandle } }, { name: volumeName });
  await client.create(volumes, { ...volume, metadata: { name: volumeName } }, call());
  const { status = {} } = boundTo(volume, claim);
  const stored = await client.get(claims, { namespace, name }, call());
  await client.updateStatus(claims, { ...stored, status }, call());
  return volumeHandle;
}

function until<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  at: At,
  is?: (object: T) => boolean,
): Promise<T | undefined> {
  return waitFor(client, resource, atOf(resource, at), {
    what: `${resource.kind} ${at.name} to be ${is ? "as wanted" : "gone"}`,
    until: (object) => (is ? object !== undefined && is(object) : object === undefined),
    ...call(),
  });
}

async function untilEmpty(client: KubeClient): Promise<void> {
  const kinds: readonly Resource[] = [groupSnapshots, groupContents, snapshots, contents];
  for (const resource of kinds) {
    const { items } = await client.list(resource, call());
    for (const { metadata } of items) await until(client, resource, metadata);
  }
}
