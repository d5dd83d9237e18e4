import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isDefaultClass, isDefaultGroupClass } from "../../src/api/annotations.ts";
import { groupClasses, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { localDriverName } from "../../src/api/local-driver.ts";
import { classes as snapshotClasses, snapshots } from "../../src/api/snapshot/resources.ts";
import { claims } from "../../src/kube/core/claim.ts";
import { storageClasses } from "../../src/kube/core/storage-class.ts";
import { volumes } from "../../src/kube/core/volume.ts";
import { type UserCluster, userCluster } from "../../src/testing/user-cluster.ts";

let cluster: UserCluster;
beforeAll(async () => {
  cluster = await userCluster();
  await cluster.makeClaim("data");
  await cluster.bound("data");
});
afterAll(() => cluster.stop());

const elsewhere = "other.example.com";
const localClass = { driver: localDriverName, deletionPolicy: "Delete" };
const isReady = ({ status }: { readonly status?: { readonly readyToUse?: boolean } }) => status?.readyToUse === true;
const hasError = ({ status }: { readonly status?: { readonly error?: { readonly message?: string } } }) =>
  status?.error?.message !== undefined;

/** Something wrong, what must be said of it, and what a user does about it. */
interface Trouble {
  readonly make: (app: string) => Promise<unknown>;
  readonly spec?: object;
  readonly reason: string;
  readonly says: readonly (string | RegExp)[];
  readonly mend: (app: string) => Promise<unknown>;
}

const boundClaim = async (name: string, labels: Readonly<Record<string, string>>) => {
  await cluster.makeClaim(name, labels);
  await cluster.bound(name);
};

/** A claim of a storage class that is not there: it stays Pending. */
const pendingClaim = (name: string, labels = {}) =>
  cluster.makeClaim(name, labels, { storageClassName: `class-of-${name}` });
const giveItsClass = (name: string) =>
  cluster.make(storageClasses, `class-of-${name}`, {
    provisioner: localDriverName,
    volumeBindingMode: "Immediate",
    reclaimPolicy: "Delete",
  });

/** A claim that is being deleted, for as long as somebody holds it. */
async function terminatingClaim(name: string, labels = {}) {
  await cluster.make(claims, name, {
    labels,
    finalizers: ["example.com/hold"],
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
  });
  await cluster.bound(name);
  await cluster.remove(claims, name);
}

async function foreignClaim(name: string, labels = {}) {
  await cluster.make(volumes, `volume-of-${name}`, {
    spec: {
      capacity: { storage: "1Mi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "",
      claimRef: { namespace: "shop", name },
      csi: { driver: elsewhere, volumeHandle: name },
    },
  });
  await cluster.makeClaim(name, labels, { storageClassName: "", volumeName: `volume-of-${name}` });
  await cluster.bound(name);
}

const takeLabelOff = (name: string) => cluster.merge(claims, name, { metadata: { labels: { app: null } } });

const groupTroubles: readonly (readonly [string, Trouble])[] = [
  [
    "a selector that matches nothing",
    {
      make: (app) => boundClaim(`${app}-data`, {}),
      reason: "GroupSnapshotValidationError",
      says: [/spec\.source\.selector .*"app":"group-0"/, "matches no PersistentVolumeClaim", "label the claims"],
      mend: (app) => cluster.merge(claims, `${app}-data`, { metadata: { labels: { app } } }),
    },
  ],
  [
    "a Pending claim",
    {
      make: async (app) => {
        await boundClaim(`${app}-data`, { app });
        await pendingClaim(`${app}-wal`, { app });
      },
      reason: "GroupSnapshotValidationError",
      says: ["spec.source.selector", '"group-1-wal"', "not bound to a volume yet", "take the label off"],
      mend: (app) => giveItsClass(`${app}-wal`),
    },
  ],
  [
    "a terminating claim",
    {
      make: async (app) => {
        await boundClaim(`${app}-data`, { app });
        await terminatingClaim(`${app}-old`, { app });
      },
      reason: "GroupSnapshotValidationError",
      says: ["spec.source.selector", '"group-2-old"', "being deleted", "take the label off"],
      mend: (app) => takeLabelOff(`${app}-old`),
    },
  ],
  [
    "a claim of another driver",
    {
      make: async (app) => {
        await boundClaim(`${app}-data`, { app });
        await foreignClaim(`${app}-far`, { app });
      },
      reason: "GroupSnapshotValidationError",
      says: ['"group-3-far"', elsewhere, localDriverName, "make the selector match the claims of one driver"],
      mend: (app) => takeLabelOff(`${app}-far`),
    },
  ],
  [
    "an unknown class",
    {
      make: (app) => boundClaim(`${app}-data`, { app }),
      spec: { volumeGroupSnapshotClassName: "gold" },
      reason: "GetGroupSnapshotClassFailed",
      says: ["spec.volumeGroupSnapshotClassName", '"gold"', "create it"],
      mend: () => cluster.make(groupClasses, "gold", localClass),
    },
  ],
  [
    "two default classes",
    {
      make: async (app) => {
        await boundClaim(`${app}-data`, { app });
        await cluster.make(groupClasses, "second", { ...localClass, annotations: { [isDefaultGroupClass]: "true" } });
      },
      reason: "SetDefaultGroupSnapshotClassFailed",
      says: [
        "2 default snapshot classes",
        "groupsnap, second",
        isDefaultGroupClass,
        "name one in spec.volumeGroupSnapshotClassName",
        "on one of them only",
      ],
      mend: () => cluster.merge(groupClasses, "second", { metadata: { annotations: { [isDefaultGroupClass]: null } } }),
    },
  ],
  [
    "a class of another driver",
    {
      make: async (app) => {
        await boundClaim(`${app}-data`, { app });
        await cluster.make(groupClasses, "far", { ...localClass, driver: elsewhere });
      },
      spec: { volumeGroupSnapshotClassName: "far" },
      reason: "GetGroupSnapshotClassFailed",
      says: ["spec.volumeGroupSnapshotClassName", '"far"', elsewhere, localDriverName, "name a class of that driver"],
      mend: async () => {
        await cluster.remove(groupClasses, "far");
        await cluster.make(groupClasses, "far", localClass);
      },
    },
  ],
];

describe("a group snapshot with", () => {
  test.each(groupTroubles.map(([title, trouble], n) => [title, `group-${n}`, trouble] as const))(
    "%s says so at once, as an error and an event, and is ready once that is mended",
    async (_title, app, { make, spec = {}, reason, says, mend }) => {
      await make(app);
      await cluster.make(groupSnapshots, app, { spec: { source: { selector: { matchLabels: { app } } }, ...spec } });
      const { status } = await cluster.until(groupSnapshots, app, hasError);
      expect(status?.readyToUse).toBe(false);
      const said = await cluster.warning(app, reason);
      expect(said.toLowerCase()).toBe(status?.error?.message?.toLowerCase()); // an event begins with a capital
      for (const text of says) expect(said).toMatch(text);
      await mend(app);
      const healed = await cluster.until(groupSnapshots, app, isReady);
      expect(healed.status).not.toHaveProperty("error");
    },
  );
});

const singleTroubles: readonly (readonly [string, Trouble])[] = [
  [
    "a claim that is not there",
    {
      make: async () => undefined,
      reason: "SnapshotPVCSourceMissing",
      says: ["PersistentVolumeClaim", '"single-0"', "create it"],
      mend: (name) => cluster.makeClaim(name),
    },
  ],
  [
    "a claim that is Pending",
    {
      make: (name) => pendingClaim(name),
      reason: "SnapshotContentCreationFailed",
      says: ["PersistentVolumeClaim", '"single-1"', "Pending", "bound to a volume first"],
      mend: (name) => giveItsClass(name),
    },
  ],
  [
    "a class that is not there",
    {
      make: (name) => boundClaim(name, {}),
      spec: { volumeSnapshotClassName: "silver" },
      reason: "GetSnapshotClassFailed",
      says: ["spec.volumeSnapshotClassName", '"silver"', "create it"],
      mend: () => cluster.make(snapshotClasses, "silver", localClass),
    },
  ],
  [
    "no class where two are the default",
    {
      make: async (name) => {
        await boundClaim(name, {});
        await cluster.make(snapshotClasses, "second", { ...localClass, annotations: { [isDefaultClass]: "true" } });
      },
      reason: "SetDefaultSnapshotClassFailed",
      says: ["2 default snapshot classes", "groupsnap, second", isDefaultClass],
      mend: () => cluster.merge(snapshotClasses, "second", { metadata: { annotations: { [isDefaultClass]: null } } }),
    },
  ],
  [
    "a class that is another driver's",
    {
      make: async (name) => {
        await boundClaim(name, {});
        await cluster.make(snapshotClasses, "far", { ...localClass, driver: elsewhere });
      },
      spec: { volumeSnapshotClassName: "far" },
      reason: "GetSnapshotClassFailed",
      says: ["spec.volumeSnapshotClassName", '"far"', elsewhere, localDriverName, "name a class of that driver"],
      mend: async () => {
        await cluster.remove(snapshotClasses, "far");
        await cluster.make(snapshotClasses, "far", localClass);
      },
    },
  ],
];

describe("a single snapshot of", () => {
  test.each(singleTroubles.map(([title, trouble], n) => [title, `single-${n}`, trouble] as const))(
    "%s says so at once, in error and event, and is ready once that is put right",
    async (_title, name, { make, spec = {}, reason, says, mend }) => {
      await make(name);
      await cluster.make(snapshots, name, { spec: { source: { persistentVolumeClaimName: name }, ...spec } });
      const { status } = await cluster.until(snapshots, name, hasError);
      const said = await cluster.warning(name, reason);
      expect(said.toLowerCase()).toBe(status?.error?.message?.toLowerCase()); // an event begins with a capital
      for (const text of says) expect(said).toMatch(text);
      await mend(name);
      const healed = await cluster.until(snapshots, name, isReady);
      expect(healed.status).not.toHaveProperty("error");
    },
  );

  test("a claim that is being deleted says so, and a snapshot of another claim is not held up", async () => {
    await terminatingClaim("going");
    await cluster.make(snapshots, "going", { spec: { source: { persistentVolumeClaimName: "going" } } });
    await cluster.until(snapshots, "going", hasError);
    expect(await cluster.warning("going", "SnapshotContentCreationFailed")).toMatch(
      /"going" is being deleted: snapshot another claim/,
    );
    await cluster.make(snapshots, "staying", { spec: { source: { persistentVolumeClaimName: "data" } } });
    await cluster.until(snapshots, "staying", isReady);
  });
});

describe("a group snapshot is refused on the spot, with the field and the remedy, when it has", () => {
  const selector = { matchLabels: { app: "db" } };
  test.each<[string, object, RegExp]>([
    [
      "neither selector nor content name",
      {},
      /spec\.source.*exactly one of selector and volumeGroupSnapshotContentName/,
    ],
    ["selector and content name", { selector, volumeGroupSnapshotContentName: "c" }, /spec\.source.*exactly one of/],
    ["a selector without a word", { selector: {} }, /spec\.source\.selector.*name the labels of the claims/],
    [
      "a content's name over the limit",
      { volumeGroupSnapshotContentName: "x".repeat(254) },
      /spec\.source\.volumeGroupSnapshotContentName.*253/,
    ],
  ])("%s", async (_title, source, message) => {
    await expect(cluster.make(groupSnapshots, "refused", { spec: { source } })).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringMatching(message),
    });
  });
});
