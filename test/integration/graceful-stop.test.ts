import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { contents } from "../../src/api/snapshot/resources.ts";
import { leases } from "../../src/kube/core/lease.ts";
import type { Daemon } from "../../src/lib/daemon.ts";
import { type ShopOnEmbedded, shopOnEmbedded } from "./shop-on-embedded.ts";

let api: ShopOnEmbedded["api"];
let driver: ShopOnEmbedded["driver"];
let groupsnap: ShopOnEmbedded["groupsnap"];
let shop: ShopOnEmbedded["shop"];
let stop: ShopOnEmbedded["stop"];
beforeEach(async () => {
  ({ api, driver, groupsnap, shop, stop } = await shopOnEmbedded());
});
afterEach(() => stop());

const call = () => ({ signal: AbortSignal.timeout(20_000) });

/** A sidecar that leads, with a call to its driver under way, and nobody beside it. Gives what lets the call go on. */
async function sidecarInACall(): Promise<{ readonly sidecar: Daemon; readonly letGo: () => void }> {
  const kubeconfig = `--kubeconfig=${api.kubeconfigPath}`;
  const controller = await groupsnap.start(["snapshot-controller", kubeconfig]);
  const sidecar = await groupsnap.start([
    "csi-snapshotter",
    kubeconfig,
    `--csi-address=${driver.address}`,
    "--leader-election",
    "--leader-election-namespace=shop",
  ]);
  const letGo = driver.hold("CreateSnapshot");
  const called = driver.called("CreateSnapshot");
  await shop.claim("data", "db");
  await shop.single("one", { source: { persistentVolumeClaimName: "data" }, volumeSnapshotClassName: "delete" });
  await called;
  expect(await controller.end("SIGTERM")).toBe(0);
  return { sidecar, letGo };
}

const handlesOf = async () => {
  const { items } = await shop.client.list(contents, call());
  return items.map(({ status }) => status?.snapshotHandle);
};
const holderOf = async () => {
  const name = "external-snapshotter-leader-scripted-csi-example-com";
  return (await shop.client.get(leases, { namespace: "shop", name }, call())).spec?.holderIdentity;
};

test("a process that is told to stop ends the call it is in, writes down what it brought, and gives its lease back", async () => {
  const { sidecar, letGo } = await sidecarInACall();
  const ended = sidecar.end("SIGTERM");
  expect(await holderOf()).not.toBe("");
  letGo();
  expect(await ended).toBe(0);
  expect(await handlesOf()).toEqual([expect.stringMatching(/./)]);
  expect(await holderOf()).toBe("");
});

test("a call that does not end in time is given up and left for the next leader, and that is no error", async () => {
  const { sidecar, letGo } = await sidecarInACall();
  expect(await sidecar.end("SIGTERM")).toBe(0);
  expect(sidecar.log()).toContain("calls in flight are given up; they will be repeated");
  expect([await handlesOf(), await holderOf()]).toEqual([[undefined], ""]);
  letGo();
  await groupsnap.start(["csi-snapshotter", `--kubeconfig=${api.kubeconfigPath}`, `--csi-address=${driver.address}`]);
  await vi.waitFor(async () => expect(await handlesOf()).toEqual([expect.stringMatching(/./)]), { timeout: 10_000 });
  expect(await shop.leftOnStorage()).toHaveLength(1);
});

test("a second signal ends a process that is still stopping, without waiting for anything", async () => {
  const { sidecar } = await sidecarInACall();
  process.kill(sidecar.pid, "SIGTERM");
  await vi.waitFor(() => expect(sidecar.log()).toContain("told to stop"));
  expect(await sidecar.end("SIGTERM")).toBe(1);
  expect(sidecar.log()).toContain("ended at once by a second signal, SIGTERM");
  expect(await holderOf()).not.toBe("");
});
