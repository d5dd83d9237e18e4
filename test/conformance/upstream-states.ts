import type { GroupVersion } from "../../src/api/group-snapshot/versions.ts";

/** What an upstream release leaves behind: the version that its group kinds are stored in, and how it wrote their members. */
export interface UpstreamState {
  readonly release: string;
  readonly stored: GroupVersion;
  /** What a content's spec.source and status say of these members, each of which has a handle and a content. */
  readonly source: (members: readonly StoredMember[]) => object;
  readonly contentStatus: (members: readonly StoredMember[]) => object;
  /** Releases before v8.2 told members by a time in their names, and named the content as their source. */
  readonly hasOldNames: boolean;
  /** What a group's status says beside what every release writes. */
  readonly groupStatus: (members: readonly StoredMember[]) => object;
}

export interface StoredMember {
  readonly claim: string;
  readonly volume: string;
  readonly volumeHandle: string;
  readonly snapshotHandle: string;
  readonly snapshot: string;
  readonly content: string;
  readonly namespace: string;
}

/** The instant of every cut, in both spellings. */
export const momentNs = 1754000000123456789n;
export const moment = "2025-07-31T22:13:20.123456789Z";

const byVolumeHandle = (members: readonly StoredMember[]) => ({
  volumeHandles: members.map(({ volumeHandle }) => volumeHandle),
});
const byVolumeName = (members: readonly StoredMember[]) => ({
  persistentVolumeNames: members.map(({ volume }) => volume),
});
const nothing = () => ({});

const referenceLists = {
  groupStatus: (members: readonly StoredMember[]) => ({
    volumeSnapshotRefList: members.map(({ snapshot: name, namespace }) => ({
      kind: "VolumeSnapshot",
      name,
      namespace,
    })),
  }),
  contentStatus: (members: readonly StoredMember[]) => ({
    creationTime: momentNs,
    volumeSnapshotContentRefList: members.map(({ content: name }) => ({ kind: "VolumeSnapshotContent", name })),
  }),
};

const pairedReferences = {
  groupStatus: (members: readonly StoredMember[]) => ({
    pvcVolumeSnapshotRefList: members.map(({ claim, snapshot }) => ({
      persistentVolumeClaimRef: { name: claim },
      volumeSnapshotRef: { name: snapshot },
    })),
  }),
  contentStatus: (members: readonly StoredMember[]) => ({
    creationTime: momentNs,
    pvVolumeSnapshotContentList: members.map(({ volume, content }) => ({
      persistentVolumeRef: { name: volume },
      volumeSnapshotContentRef: { name: content },
    })),
  }),
};

const handlePairs = (members: readonly StoredMember[]) => ({
  creationTime: moment,
  volumeSnapshotHandlePairList: members.map(({ volumeHandle, snapshotHandle }) => ({ volumeHandle, snapshotHandle })),
});

const infoList = (members: readonly StoredMember[]) => ({
  creationTime: moment,
  volumeSnapshotInfoList: members.map(({ volumeHandle, snapshotHandle }) => ({
    volumeHandle,
    snapshotHandle,
    creationTime: momentNs,
    readyToUse: true,
    restoreSize: 1n << 20n,
  })),
});

const newest = {
  stored: "v1beta2",
  hasOldNames: false,
  source: byVolumeHandle,
  groupStatus: nothing,
  contentStatus: infoList,
} as const;

/** One for each state of upstream's definitions. */
export const upstreamStates: readonly UpstreamState[] = [
  { release: "v6.3.0", stored: "v1alpha1", hasOldNames: true, source: byVolumeName, ...referenceLists },
  { release: "v7.0.0", stored: "v1alpha1", hasOldNames: true, source: byVolumeHandle, ...referenceLists },
  { release: "v8.0.0", stored: "v1alpha1", hasOldNames: true, source: byVolumeHandle, ...pairedReferences },
  { ...newest, release: "v8.2.0", stored: "v1beta1", contentStatus: handlePairs },
  { release: "v8.4.0", ...newest },
  { release: "v8.6.0", ...newest },
  { release: "v8.7.0", ...newest },
];
