import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type {
  ControllerCapabilityName,
  ExpansionName,
  GroupCapabilityName,
  NodeCapabilityName,
  PluginCapabilityName,
} from "../../csi/capabilities.ts";
import type { Clock } from "../../lib/clock.ts";
import { Failure } from "../../lib/failure.ts";

export interface StoredVolume {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: bigint;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly source?: { readonly case: "snapshot" | "volume"; readonly id: string };
}

export interface StoredSnapshot {
  readonly id: string;
  readonly name: string;
  readonly sourceVolumeId: string;
  readonly sizeBytes: bigint;
  readonly createdAt: Date;
  /** "" for a single snapshot. */
  readonly groupId: string;
}

export interface StoredGroup {
  readonly id: string;
  readonly name: string;
  readonly snapshotIds: readonly string[];
  readonly createdAt: Date;
}

export type CapabilityName =
  | PluginCapabilityName
  | ExpansionName
  | ControllerCapabilityName
  | GroupCapabilityName
  | NodeCapabilityName;

/** What the driver holds, by id; and who it is. Tests may look, add and take away. */
export interface World {
  readonly name: string;
  readonly nodeId: string;
  /** What it says that its snapshots are worth. */
  readonly consistency: string | undefined;
  readonly volumes: Map<string, StoredVolume>;
  readonly snapshots: Map<string, StoredSnapshot>;
  readonly groups: Map<string, StoredGroup>;
  /** Target path to volume id, of what is staged and published. */
  readonly staged: Map<string, string>;
  readonly published: Map<string, string>;
  can(capability: CapabilityName): boolean;
  now(): Date;
  addVolume(volume: StoredVolume): StoredVolume;
  /** @throws Failure "notFound" */
  volume(id: string): StoredVolume;
  snapshot(id: string): StoredSnapshot;
  group(id: string): StoredGroup;
  /** Readiness is asked for one by one: ready once it was asked more than `pollsUntilReady` times. */
  isReady(id: string): boolean;
  pollsUntilReady: number;
  /** A new id that says what it is: "volume-3". */
  nextId(kind: string): string;
}

export interface WorldOptions {
  readonly name: string;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly without: readonly CapabilityName[];
  readonly consistency: string | undefined;
}

export function aWorld(options: WorldOptions): World {
  const volumes = new Map<string, StoredVolume>();
  const snapshots = new Map<string, StoredSnapshot>();
  const groups = new Map<string, StoredGroup>();
  const polls = new Map<string, number>();
  let ids = 0;
  return {
    name: options.name,
    nodeId: options.nodeId,
    consistency: options.consistency,
    volumes,
    snapshots,
    groups,
    staged: new Map(),
    published: new Map(),
    can: (capability) => !options.without.includes(capability),
    now: () => options.clock.now(),
    addVolume(volume) {
      volumes.set(volume.id, volume);
      return volume;
    },
    volume: (id) => held(volumes, "volume", id),
    snapshot: (id) => held(snapshots, "snapshot", id),
    group: (id) => held(groups, "group snapshot", id),
    pollsUntilReady: 0,
    isReady(id) {
      const asked = (polls.get(id) ?? 0) + 1;
      polls.set(id, asked);
      return asked > this.pollsUntilReady;
    },
    nextId: (kind) => `${kind}-${++ids}`,
  };
}

function held<T>(store: ReadonlyMap<string, T>, what: string, id: string): T {
  const found = store.get(id);
  if (!found) throw new Failure("notFound", `there is no ${what} ${JSON.stringify(id)}`);
  return found;
}

/** @throws Failure "invalid" when a field that CSI requires is missing */
export function required(value: string, field: string): string {
  if (value === "") throw new Failure("invalid", `${field} is missing`);
  return value;
}

/** The snapshot as CSI tells it. */
export function snapshotMessage(snapshot: StoredSnapshot, ready: boolean) {
  return {
    snapshotId: snapshot.id,
    sourceVolumeId: snapshot.sourceVolumeId,
    sizeBytes: snapshot.sizeBytes,
    creationTime: timestampFromDate(snapshot.createdAt),
    readyToUse: ready,
    groupSnapshotId: snapshot.groupId,
  };
}

/** One page of a listing: entries from the token on, and the token of the next page. */
export function page<T>(all: readonly T[], at: { readonly maxEntries: number; readonly startingToken: string }) {
  const from = at.startingToken === "" ? 0 : Number(at.startingToken);
  if (!Number.isSafeInteger(from) || from < 0 || from > all.length)
    throw new Failure("expired", `starting_token ${JSON.stringify(at.startingToken)} is not one of mine`);
  const to = at.maxEntries > 0 ? Math.min(all.length, from + at.maxEntries) : all.length;
  return { entries: all.slice(from, to), nextToken: to < all.length ? String(to) : "" };
}
