import { groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { contents, snapshots } from "../../src/api/snapshot/resources.ts";
import type { Cache } from "../../src/kube/cache/cache.ts";
import { cacheOf } from "../../src/kube/cache/cache-of.ts";
import type { Client } from "../../src/kube/client/client.ts";
import type { KubeObject, Resource } from "../../src/kube/object.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silent } from "../../src/lib/log.ts";
import { systemRandom } from "../../src/lib/random.ts";

/** Watches the snapshot kinds, and tells when they are as a case wants them. */
export interface Board {
  /** Resolves in the moment in which the groups and `members` snapshots of theirs, or singles, are all ready. */
  ready(wanted: { readonly groups: number; readonly snapshots: number }, signal: AbortSignal): Promise<void>;
  /** Resolves in the moment in which no object of the four kinds is left. */
  empty(signal: AbortSignal): Promise<void>;
}

type Snapshot = KubeObject & { readonly status?: { readonly readyToUse?: boolean } };

export async function boardOf(client: Client, signal: AbortSignal): Promise<Board> {
  const watched = <T extends KubeObject>(resource: Resource<T>): Cache<T> =>
    cacheOf({ client, resource, clock: systemClock, random: systemRandom, log: silent });
  const groups = watched(groupSnapshots);
  const singles = watched(snapshots);
  const others = [watched(groupContents), watched(contents)];
  const all = [groups, singles, ...others] as readonly Cache<KubeObject>[]; // only listened to
  for (const cache of all) void cache.run(signal);
  await Promise.all(all.map((cache) => cache.synced(signal)));

  const until = (is: () => boolean, limit: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!is()) return;
        for (const off of offs) off();
        resolve();
      };
      const offs = all.map((cache) => cache.onChange(look));
      limit.addEventListener("abort", () => reject(limit.reason), { once: true });
      look();
    });
  const readyIn = (cache: Cache<KubeObject>) =>
    cache.list().filter((object) => (object as Snapshot).status?.readyToUse === true).length;
  return {
    ready: (wanted, limit) =>
      until(
        () =>
          readyIn(groups as Cache<KubeObject>) === wanted.groups &&
          readyIn(singles as Cache<KubeObject>) === wanted.snapshots,
        limit,
      ),
    empty: (limit) => until(() => all.every((cache) => cache.list().length === 0), limit),
  };
}
