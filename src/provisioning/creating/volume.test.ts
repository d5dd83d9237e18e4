import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { VolumeSchema } from "../../csi/gen/csi_pb.js";
import { aClaim, aStorageClass, scriptedDriverName } from "../../testing/objects/storage.ts";
import { type Made, volumeFor } from "./volume.ts";

const vault = { name: "key", namespace: "vault" };

function made(change: Partial<Made> = {}): Made {
  return {
    claim: aClaim("data"),
    storageClass: aStorageClass({ mountOptions: ["noatime"] }),
    parameters: {
      forDriver: {},
      fsType: "xfs",
      secrets: { provisioner: vault, nodeStage: vault, controllerExpand: vault },
    },
    driver: scriptedDriverName,
    sizeBytes: 3n << 29n,
    volume: create(VolumeSchema, {
      volumeId: "v-1",
      volumeContext: { pool: "a" },
      accessibleTopology: [{ segments: { zone: "z", node: "n" } }],
    }),
    ...change,
  };
}

test("makes the volume's object complete: claim with uid, handle, attributes, secrets, affinity and protection", () => {
  expect(volumeFor(made())).toEqual({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name: "pvc-uid-of-data",
      annotations: {
        "pv.kubernetes.io/provisioned-by": scriptedDriverName,
        "volume.kubernetes.io/provisioner-deletion-secret-name": "key",
        "volume.kubernetes.io/provisioner-deletion-secret-namespace": "vault",
      },
      finalizers: ["external-provisioner.volume.kubernetes.io/finalizer"],
    },
    spec: {
      capacity: { storage: "1536Mi" },
      accessModes: ["ReadWriteOnce"],
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        namespace: "shop",
        name: "data",
        uid: "uid-of-data",
        resourceVersion: "1",
      },
      persistentVolumeReclaimPolicy: "Delete",
      storageClassName: "fast",
      volumeMode: "Filesystem",
      mountOptions: ["noatime"],
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: "node", operator: "In", values: ["n"] },
                { key: "zone", operator: "In", values: ["z"] },
              ],
            },
          ],
        },
      },
      csi: {
        driver: scriptedDriverName,
        volumeHandle: "v-1",
        fsType: "xfs",
        volumeAttributes: { pool: "a" },
        nodeStageSecretRef: vault,
        controllerExpandSecretRef: vault,
      },
    },
  });
});

test("gives a retained volume no finalizer of ours, and a block volume no filesystem", () => {
  const retained = volumeFor(
    made({ storageClass: aStorageClass({ reclaimPolicy: "Retain" }), claim: aClaim("raw", { volumeMode: "Block" }) }),
  );
  expect([retained.metadata.finalizers, retained.spec.csi?.fsType]).toEqual([undefined, undefined]);
  expect(retained.spec.persistentVolumeReclaimPolicy).toBe("Retain");
});
