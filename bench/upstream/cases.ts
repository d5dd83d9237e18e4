import { groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { snapshots } from "../../src/api/snapshot/resources.ts";
import type { Client } from "../../src/kube/client/client.ts";
import { apiVersionOf, type Resource } from "../../src/kube/object.ts";

/** So many groups of so many members at once, or so many single snapshots. */
export interface Case {
  readonly title: string;
  readonly groups: number;
  readonly members: number;
  readonly singles: number;
  /** How often it is played in a round: what is over soon shows chance, and how long the program has been up. */
  readonly times: number;
}

const group = (members: number, times: number): Case => ({
  title: `group of ${members}`,
  groups: 1,
  members,
  singles: 0,
  times,
});

export const cases: readonly Case[] = [
  group(1, 10),
  group(10, 5),
  group(100, 1),
  { title: "50 groups of 4", groups: 50, members: 4, singles: 0, times: 1 },
  { title: "500 singles", groups: 0, members: 0, singles: 500, times: 1 },
];

/** Cases that upstream's default throttle of 5 requests a second makes last for minutes. */
export const isLongByDefault = ({ groups, members, singles }: Case) => groups * members + singles > 10;

export const namespace = "bench";
const call = () => ({ signal: AbortSignal.timeout(60_000) });

/** The label of the claims of a case's i-th group. */
export const appOf = ({ members }: Case, i: number) => `app-${members}-${i}`;

/** Each single snapshot is of a claim of its own. */
export const singleClaim = (i: number) => `single-${i}`;

/** Creates what the case is about, all of it at once. */
export async function begin({ client, round }: { readonly client: Client; readonly round: string }, one: Case) {
  const groups = Array.from({ length: one.groups }, (_, i) =>
    client.create(
      groupSnapshots,
      {
        apiVersion: apiVersionOf(groupSnapshots),
        kind: groupSnapshots.kind,
        metadata: { namespace, name: `${round}-${i}` },
        spec: {
          volumeGroupSnapshotClassName: "delete",
          source: { selector: { matchLabels: { app: appOf(one, i) } } },
        },
      },
      call(),
    ),
  );
  const singles = Array.from({ length: one.singles }, (_, i) =>
    client.create(
      snapshots,
      {
        apiVersion: apiVersionOf(snapshots),
        kind: snapshots.kind,
        metadata: { namespace, name: `${round}-${i}` },
        spec: { volumeSnapshotClassName: "delete", source: { persistentVolumeClaimName: singleClaim(i) } },
      },
      call(),
    ),
  );
  await Promise.all([...groups, ...singles]);
}

/** Deletes it again, all at once. */
export async function end({ client, round }: { readonly client: Client; readonly round: string }, one: Case) {
  const resource: Resource = one.groups > 0 ? groupSnapshots : snapshots;
  const count = one.groups + one.singles;
  await Promise.all(
    Array.from({ length: count }, (_, i) => client.delete(resource, { namespace, name: `${round}-${i}` }, call())),
  );
}
