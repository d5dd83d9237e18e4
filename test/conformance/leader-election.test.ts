import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { crds } from "../../src/api/crds.ts";
import { groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { snapshots } from "../../src/api/snapshot/resources.ts";
import { waitFor } from "../../src/kube/client/wait.ts";
import { leases } from "../../src/kube/core/lease.ts";
import type { KubeObject, Resource } from "../../src/kube/object.ts";
import type { Daemon } from "../../src/lib/daemon.ts";
import { exec } from "../../src/lib/exec.ts";
import { type KubeApiserver, kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { type Program, program } from "../../src/testing/program.ts";
import { type ScriptedDriver, scriptedDriver } from "../../src/testing/scripted-driver.ts";
import { binaries } from "./binaries.ts";
import { type Audit, auditIn, isAlive, kubeconfigAs } from "./replicas.ts";
import { aShop, type Shop } from "./shop.ts";
import { startProgram } from "./upstream.ts";

let folder: string;
let groupsnap: Program;
let driver: ScriptedDriver;
let audit: Audit;
let api: KubeApiserver;
let shop: Shop;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gs-lead-"));
  groupsnap = program();
  driver = await scriptedDriver();
  audit = auditIn(folder);
  api = await kubeApiserver(binaries(), audit.flags);
  await kubectl("apply", "--server-side", "-f", "deploy/crds");
  await kubectl("wait", "--for=condition=Established", "crd", ...crds.map(({ metadata }) => metadata.name));
  shop = await aShop({ kubeconfig: api.kubeconfigPath, csiAddress: driver.address, namespace: "shop" });
  for (const name of ["data", "wal"]) await shop.claim(name, "db");
}, 120_000);
afterEach(async () => {
  await Promise.all(started.splice(0).map((daemon) => daemon.end("SIGKILL")));
  await kubectl("delete", "leases", "--all", "--namespace=default");
});
afterAll(async () => {
  await groupsnap.clean();
  shop.close();
  await driver.stop();
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

const kubectl = (...args: string[]) =>
  exec([join(binaries(), "kubectl"), "--kubeconfig", api.kubeconfigPath, ...args], {
    timeoutMs: 30_000,
    signal: AbortSignal.timeout(30_000),
  });

/** Short, so that takeovers are soon; long enough for a busy machine to renew in time. */
const election = [
  "--leader-election",
  "--leader-election-namespace=default",
  "--leader-election-lease-duration=8s",
  "--leader-election-renew-deadline=6s",
  "--leader-election-retry-period=1s",
];
const takeoverMs = 25_000;

type Role = "snapshot-controller" | "csi-snapshotter";
const leaseOf: Readonly<Record<Role, string>> = {
  "snapshot-controller": "snapshot-controller-leader",
  "csi-snapshotter": "external-snapshotter-leader-scripted-csi-example-com",
};
/** Before it is made fit for the name of a lease. */
const electionOf: Readonly<Record<Role, string>> = {
  "snapshot-controller": "snapshot-controller-leader",
  "csi-snapshotter": "external-snapshotter-leader-scripted.csi.example.com",
};
const events: Resource<KubeObject & { readonly involvedObject: { readonly kind: string; readonly name: string } }> = {
  group: "",
  version: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
};
const socketOf = (role: Role) => (role === "csi-snapshotter" ? [`--csi-address=${driver.address}`] : []);
const started: Daemon[] = [];

/** A replica under a name of its own. */
async function replica(role: Role, user: string, flags: readonly string[] = election): Promise<Daemon> {
  const kubeconfig = `--kubeconfig=${kubeconfigAs(user, api, folder)}`;
  const daemon = await groupsnap.start([role, kubeconfig, ...socketOf(role), ...flags], AbortSignal.timeout(60_000));
  started.push(daemon);
  return daemon;
}

async function holderOf(role: Role): Promise<string> {
  const at = { namespace: "default", name: leaseOf[role] };
  const lease = await shop.client.find(leases, at, { signal: AbortSignal.timeout(10_000) });
  return lease?.spec?.holderIdentity ?? "";
}

/** Waits until somebody other than these holds the lease. */
async function untilTaken(role: Role, ...from: readonly string[]): Promise<string> {
  return vi.waitFor(
    async () => {
      const holder = await holderOf(role);
      expect(["", ...from]).not.toContain(holder);
      return holder;
    },
    { timeout: takeoverMs, interval: 100 },
  );
}

/** Waits until the leader has just renewed its lease. */
async function untilRenewed(role: Role): Promise<void> {
  const call = { signal: AbortSignal.timeout(20_000) };
  const at = { namespace: "default", name: leaseOf[role] };
  const { spec } = await shop.client.get(leases, at, call);
  await waitFor(shop.client, leases, at, {
    what: "a renewal",
    until: (lease) => lease?.spec?.renewTime !== spec?.renewTime,
    ...call,
  });
}

const isReady = ({ status }: { readonly status?: { readonly readyToUse?: boolean } }) => status?.readyToUse === true;
async function groupReady(name: string): Promise<void> {
  await shop.group(name, {
    volumeGroupSnapshotClassName: "delete",
    source: { selector: { matchLabels: { app: "db" } } },
  });
  await shop.until(groupSnapshots, name, isReady);
}
const freeze = ({ pid }: Daemon) => process.kill(pid, "SIGSTOP");
const thaw = ({ pid }: Daemon) => process.kill(pid, "SIGCONT");
const gone = (daemon: Daemon) =>
  vi.waitFor(() => expect(isAlive(daemon)).toBe(false), { timeout: 10_000, interval: 50 });

test("a second replica of each process takes over after its leader was killed", async () => {
  const roles: readonly Role[] = ["snapshot-controller", "csi-snapshotter"];
  const leaders = await Promise.all(roles.map((role) => replica(role, `${role}-killed`)));
  const holders = await Promise.all(roles.map(holderOf));
  const others = await Promise.all(roles.map((role) => replica(role, `${role}-next`)));
  expect(others.map(({ ready }) => ready)).toEqual(
    roles.map((role, at) => `candidate for default/${leaseOf[role]}, which ${holders[at]} holds`),
  );
  await groupReady("before-the-kill");
  expect(roles.flatMap((role) => audit.writesOf(`${role}-next`))).toEqual([]);
  await Promise.all(leaders.map((daemon) => daemon.end("SIGKILL")));
  await Promise.all(roles.map((role, at) => untilTaken(role, holders[at] ?? "")));
  await groupReady("after-the-kill");
  expect(roles.map((role) => audit.writesOf(`${role}-next`).length > 0)).toEqual([true, true]);
});

test("a leader that is told to stop gives its lease back, ends with 0, and the next one leads", async () => {
  const [first, second] = [
    await replica("snapshot-controller", "stops"),
    await replica("snapshot-controller", "waits"),
  ];
  const holder = await holderOf("snapshot-controller");
  expect(await first.end("SIGTERM")).toBe(0);
  expect(await holderOf("snapshot-controller")).not.toBe(holder);
  await untilTaken("snapshot-controller", holder);
  expect(await second.end("SIGTERM")).toBe(0);
});

describe("a process that was frozen past its lease and goes on", () => {
  const alone = ["--leader-election=false"];
  const askFor = (name: string) =>
    shop.single(name, { source: { persistentVolumeClaimName: "data" }, volumeSnapshotClassName: "delete" });

  test.each<[Role, Role]>([
    ["snapshot-controller", "csi-snapshotter"],
    ["csi-snapshotter", "snapshot-controller"],
  ])(
    "as the old %s makes no write to the API and no call to the driver, and ends with an error",
    async (role, other) => {
      await replica(other, `any-${other}`, alone);
      const old = await replica(role, `old-${role}`);
      const holder = await holderOf(role);
      const next = await replica(role, `new-${role}`);
      await groupReady(`of-the-old-${role}`);
      freeze(old);
      await untilTaken(role, holder);
      await groupReady(`of-the-new-${role}`);
      await next.end("SIGKILL"); // what is asked for now only the old one could do, and it has all reason to
      await askFor(`left-to-no-${role}`);
      const [writes, calls] = [audit.writesOf(`old-${role}`).length, driver.calls.length];
      thaw(old);
      await gone(old);
      expect(await old.end("SIGKILL")).toBe(1);
      expect(old.log()).toContain("another replica may lead now, so this one ends");
      expect(writes).toBeGreaterThan(0);
      expect(audit.writesOf(`old-${role}`).slice(writes)).toEqual([]);
      expect(driver.calls.slice(calls)).toEqual([]);
    },
  );

  test("sends none of the writes that waited for their turn when it was frozen", async () => {
    const slow = ["--kube-api-qps=5", "--kube-api-burst=1", "--leader-election-retry-period=3s"];
    const old = await replica("snapshot-controller", "slow-controller", [...election, ...slow]);
    const holder = await holderOf("snapshot-controller");
    for (let nth = 0; nth < 15; nth++) await askFor(`queued-${nth}`);
    await untilRenewed("snapshot-controller"); // so that writes are due before the next renewal is
    freeze(old);
    await replica("snapshot-controller", "fast-controller");
    await untilTaken("snapshot-controller", holder);
    const writes = audit.writesOf("slow-controller").length;
    thaw(old);
    await gone(old);
    expect(writes).toBeGreaterThan(0);
    expect(audit.writesOf("slow-controller").slice(writes)).toEqual([]);
  });

  test("would be seen if it made calls and writes: without an election it makes both", async () => {
    const roles: readonly Role[] = ["snapshot-controller", "csi-snapshotter"];
    const unfenced = await Promise.all(roles.map((role) => replica(role, `unfenced-${role}`, alone)));
    await groupReady("of-the-unfenced");
    for (const daemon of unfenced) freeze(daemon);
    await askFor("left-to-the-unfenced");
    const writes = roles.map((role) => audit.writesOf(`unfenced-${role}`).length);
    const calls = driver.calls.length;
    for (const daemon of unfenced) thaw(daemon);
    await shop.until(snapshots, "left-to-the-unfenced", isReady);
    expect(roles.map((role, at) => audit.writesOf(`unfenced-${role}`).length > (writes[at] ?? 0))).toEqual([
      true,
      true,
    ]);
    expect(driver.calls.slice(calls).map(({ method }) => method)).toContain("CreateSnapshot");
  });
});

test.each<[Role, Role]>([
  ["snapshot-controller", "csi-snapshotter"],
  ["csi-snapshotter", "snapshot-controller"],
])("waits while upstream's %s leads, takes over when it is killed, and the other way round", async (role, other) => {
  const [us, them] = [`${role}-beside-upstream`, `upstream-${role}`];
  const upstream = () => {
    const flags = [`--kubeconfig=${kubeconfigAs(them, api, folder)}`, ...socketOf(role), ...election];
    return startProgram(role, flags, folder);
  };
  await replica(other, `for-both-${role}s`, ["--leader-election=false"]);
  const theirs = upstream();
  const theirHolder = await untilTaken(role);
  const ours = await replica(role, us);
  expect(ours.ready).toContain(`which ${theirHolder} holds`);
  await groupReady(`led-by-${them}`);
  expect(audit.writesOf(us)).toEqual([]);

  await theirs.stop();
  const ourHolder = await untilTaken(role, theirHolder);
  const again = upstream();
  const theirWrites = audit.writesOf(them).length;
  await groupReady(`led-by-${us}`);
  expect(audit.writesOf(us).length).toBeGreaterThan(0);
  expect(audit.writesOf(them).slice(theirWrites)).toEqual([]);

  await ours.end("SIGKILL");
  expect(await untilTaken(role, ourHolder)).toBe(theirHolder);
  const saidBy = (holder: string) => expect.objectContaining(electionEvent(role, holder)) as object;
  await vi.waitFor(
    async () => expect(await eventsOn(role)).toEqual(expect.arrayContaining([saidBy(theirHolder), saidBy(ourHolder)])),
    {
      timeout: 10_000,
    },
  );
  await again.stop();
});

/** What is said on the lease, ours and upstream's in the same words. */
const electionEvent = (role: Role, holder: string) => ({
  type: "Normal",
  reason: "LeaderElection",
  message: `${holder} became leader`,
  source: { component: `${electionOf[role]}/${holder}` },
});

async function eventsOn(role: Role): Promise<readonly object[]> {
  const { items } = await shop.client.list(events, { namespace: "default", signal: AbortSignal.timeout(10_000) });
  return items.filter(({ involvedObject }) => involvedObject.kind === "Lease" && involvedObject.name === leaseOf[role]);
}
