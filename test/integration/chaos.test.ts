import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, onTestFailed, test } from "vitest";
import { claimFinalizer } from "../../src/api/finalizers.ts";
import { groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { contents, snapshots } from "../../src/api/snapshot/resources.ts";
import * as demo from "../../src/cli/demo/objects.ts";
import { type Walk, walkOn } from "../../src/cli/demo/walk.ts";
import type { Client } from "../../src/kube/client/client.ts";
import { claims } from "../../src/kube/core/claim.ts";
import { volumes } from "../../src/kube/core/volume.ts";
import type { KubeObject, Resource } from "../../src/kube/object.ts";
import { isFailure } from "../../src/lib/failure.ts";
import { connect } from "../../src/processes/connect.ts";
import { clusterArgs, type Program, program } from "../../src/testing/program.ts";

const sources = ["pvc-0", "pvc-1", "pvc-2"];
const { namespace } = demo;
/** Bounds a run to some seconds on a small machine. */
const stepsInALife = 25;
/** All of it takes a second; a backoff, after the worst moment to die, some more. */
const settling = { timeout: 30_000, interval: 50 } as const;
const call = () => ({ signal: AbortSignal.timeout(15_000) });

let groupsnap: Program;
let pool: string;
beforeEach(() => {
  groupsnap = program();
  pool = join(groupsnap.folder, "d", "pool");
});
afterEach(() => groupsnap.clean());

async function start() {
  const daemon = await groupsnap.start(clusterArgs(join(groupsnap.folder, "d")));
  const client = await connect({ kubeconfig: daemon.ready.replace("kubeconfig ", ""), userAgent: "test" });
  return { daemon, client, walk: walkOn(client, AbortSignal.timeout(60_000)) };
}

async function prepare(walk: Walk): Promise<void> {
  await walk.prepare();
  await walk.createClaims(sources);
  await walk.label(sources);
}

const createGroup = (client: Client, name: string) =>
  client.create(demo.groupsInIntroduction, { ...demo.group, metadata: { name, namespace } }, call());
const createSingle = (client: Client, name: string, of = "pvc-0") =>
  client.create(snapshots, demo.snapshotOf(of, name), call());
const restore = (client: Client, name: string, from: string) => client.create(claims, demo.claim(name, from), call());

/** What users make and delete; all else follows from these. */
const requested: readonly Resource[] = [groupSnapshots, snapshots, claims];
type Found = KubeObject & { readonly resource: Resource };

async function listed(client: Client, resources: readonly Resource[]): Promise<readonly Found[]> {
  const lists = await Promise.all(resources.map((resource) => client.list(resource, call())));
  return lists.flatMap(({ items }, i) => items.map((item) => ({ ...item, resource: resources[i] ?? claims })));
}

const remove = (client: Client, { resource, metadata: { name, namespace: within } }: Found) =>
  client.delete(resource, within ? { namespace: within, name } : { name }, call());

/** Requests that are on their way: going, neither ready nor with a word why not, or protected for nobody. */
async function unsettled(client: Client): Promise<readonly string[]> {
  const [groups, singles, made] = await Promise.all([
    client.list(groupSnapshots, call()),
    client.list(snapshots, call()),
    client.list(claims, call()),
  ]);
  const silent = [...groups.items, ...singles.items].filter(({ status }) => !status?.readyToUse && !status?.error);
  const held = made.items.filter(({ metadata }) => metadata.finalizers?.includes(claimFinalizer));
  const going = [...groups.items, ...singles.items, ...made.items].filter(
    ({ metadata }) => metadata.deletionTimestamp !== undefined,
  );
  return [...silent, ...held, ...going].map(({ metadata, kind }) => `${kind} ${metadata.name}`);
}

/** Images that no object names, and objects whose image is not there. */
async function difference(client: Client): Promise<readonly string[]> {
  const [{ items: made }, { items: cut }, files] = await Promise.all([
    client.list(volumes, call()),
    client.list(contents, call()),
    readdir(pool, { recursive: true }),
  ]);
  const images = files.filter((name) => name.endsWith(".img")).map((name) => basename(name, ".img"));
  const handles: readonly unknown[] = [
    ...made.map(({ spec }) => spec.csi?.volumeHandle),
    ...cut.map(({ spec, status }) => status?.snapshotHandle ?? spec.source.snapshotHandle),
  ];
  return [
    ...images.filter((image) => !handles.includes(image)).map((image) => `image ${image} without an object`),
    ...handles.filter((handle) => !images.some((image) => image === handle)).map((handle) => `no image ${handle}`),
  ];
}

/** A run can be compared with the one before; other seeds are for whoever looks for trouble. */
const usualSeed = 30;

/** Chance that a seed repeats (mulberry32). */
function seeded(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <T>(from: readonly T[]) => from[Math.floor(next() * from.length)];
  return { next, pick };
}
type Chance = ReturnType<typeof seeded>;

/** What users were told: what was created is there until it is deleted, also after a crash. */
interface Told {
  readonly created: Set<string>;
  readonly deleted: Set<string>;
}

/** One user's next step: a group, a snapshot, a restore of whatever there is, or the deletion of whatever there is. */
async function step(client: Client, chance: Chance, name: string, told: Told): Promise<void> {
  const keep = ({ metadata }: KubeObject) => void told.created.add(metadata.uid);
  const kind = chance.pick(["group", "single", "restore", "delete", "delete", "deleteContent"]);
  if (kind === "group") return keep(await createGroup(client, name));
  if (kind === "single") return keep(await createSingle(client, name, chance.pick(sources)));
  const there = await listed(client, kind === "deleteContent" ? [groupContents, contents] : requested);
  const chosen = chance.pick(
    kind === "restore" ? there.filter(({ resource }) => resource === snapshots) : there.filter(isAlone),
  );
  if (!chosen) return;
  if (kind === "restore") return keep(await restore(client, name, chosen.metadata.name));
  await remove(client, chosen);
  told.deleted.add(chosen.metadata.uid);
}

/** Members go with their group, and the sources of all are needed to the end. */
const isAlone = ({ metadata }: KubeObject) => !metadata.ownerReferences?.length && !sources.includes(metadata.name);

/** Nobody is there to answer, or somebody else was faster. */
function forgive(error: unknown): void {
  if (!isFailure(error, "unavailable") && !isFailure(error, "notFound") && !isFailure(error, "timeout")) throw error;
}

test("whatever users delete and whenever the process dies, all settles, nothing told is lost, and nothing stays", async () => {
  const seed = Number(process.env.GROUPSNAP_SEED ?? usualSeed);
  onTestFailed(() => console.info(`repeat with GROUPSNAP_SEED=${seed}`));
  const chance = seeded(seed);
  const told: Told = { created: new Set(), deleted: new Set() };
  let { daemon, client, walk } = await start();
  await prepare(walk);
  for (const [life, signal] of (["SIGKILL", "SIGTERM"] as const).entries()) {
    const user = async (user: number) => {
      for (let i = 0; i < stepsInALife; i++) await step(client, chance, `s${life}-${user}-${i}`, told).catch(forgive);
    };
    const users = Promise.all([user(0), user(1)]);
    await pause(1000 * chance.next());
    await daemon.end(signal);
    await users;
    ({ daemon, client, walk } = await start());
  }

  await expect.poll(() => unsettled(client), settling).toEqual([]);
  const there = (await listed(client, requested)).map(({ metadata }) => metadata.uid);
  expect([...told.created].filter((uid) => !there.includes(uid) && !told.deleted.has(uid))).toEqual([]);
  await expect.poll(() => difference(client), settling).toEqual([]);

  for (const found of (await listed(client, requested)).toSorted(() => chance.next() - 0.5))
    await remove(client, found);
  await expect.poll(() => walk.leftovers(pool), settling).toEqual([]);
});

test("a group, a snapshot and a restore leave nothing behind, however soon after their creation they are deleted", async () => {
  const { client, walk } = await start();
  await prepare(walk);
  await walk.cutSingle("pvc-1", "origin");
  const everything = [...requested, groupContents, contents, volumes];
  const before = (await listed(client, everything)).length;
  for (const delayMs of [0, 1, 2, 5, 10, 20, 50, 100]) {
    const made: readonly [string, Resource][] = [
      ["group", groupSnapshots],
      ["single", snapshots],
      ["restored", claims],
    ];
    await Promise.all([
      createGroup(client, "group"),
      createSingle(client, "single"),
      restore(client, "restored", "origin"),
    ]);
    await pause(delayMs);
    await Promise.all(made.map(([name, resource]) => client.delete(resource, { namespace, name }, call())));
    const left = async () => (await listed(client, everything)).length;
    await expect.poll(left, { ...settling, message: `after ${delayMs} ms` }).toBe(before);
    await expect.poll(() => difference(client), settling).toEqual([]);
  }
});
