import { afterAll, beforeAll, expect, test } from "vitest";
import { claimFinalizer } from "../../src/api/finalizers.ts";
import { groupContents, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { volumeHandle } from "../../src/api/handles.ts";
import { snapshots } from "../../src/api/snapshot/resources.ts";
import { claims } from "../../src/kube/core/claim.ts";
import { type ShopOnEmbedded, shopOnEmbedded } from "./shop-on-embedded.ts";

let api: ShopOnEmbedded["api"];
let driver: ShopOnEmbedded["driver"];
let groupsnap: ShopOnEmbedded["groupsnap"];
let shop: ShopOnEmbedded["shop"];
let stop: ShopOnEmbedded["stop"];
beforeAll(async () => {
  ({ api, driver, groupsnap, shop, stop } = await shopOnEmbedded());
});
afterAll(() => stop());

const call = () => ({ signal: AbortSignal.timeout(20_000) });
const isReady = ({ status }: { readonly status?: { readonly readyToUse?: boolean } }) => status?.readyToUse === true;
const startBoth = (...flags: readonly string[]) =>
  Promise.all([
    groupsnap.start(["snapshot-controller", `--kubeconfig=${api.kubeconfigPath}`, ...flags]),
    groupsnap.start([
      "csi-snapshotter",
      `--kubeconfig=${api.kubeconfigPath}`,
      `--csi-address=${driver.address}`,
      ...flags,
    ]),
  ]);

test("CSIVolumeGroupSnapshot=false leaves groups alone while singles go on, and without it they are worked on again", async () => {
  const running = await startBoth("--feature-gates=CSIVolumeGroupSnapshot=false");
  for (const daemon of running) expect(daemon.log()).toContain("group snapshots are switched off");
  const handle = volumeHandle(await shop.claim("data", "db"));
  const source = { selector: { matchLabels: { app: "db" } } };
  await shop.group("all", { volumeGroupSnapshotClassName: "delete", source });
  await shop.groupContent("asked-for-directly", {
    deletionPolicy: "Delete",
    driver: driver.name,
    source: { volumeHandles: [handle] },
    volumeGroupSnapshotClassName: "delete",
    volumeGroupSnapshotRef: { namespace: "shop", name: "another", uid: "00000000-0000-4000-8000-000000000000" },
  });
  await shop.single("one", { source: { persistentVolumeClaimName: "data" }, volumeSnapshotClassName: "delete" });
  await shop.until(snapshots, "one", isReady);
  const group = await shop.client.get(groupSnapshots, { namespace: "shop", name: "all" }, call());
  expect([group.status, group.metadata.finalizers]).toEqual([undefined, undefined]);
  expect((await shop.client.list(groupContents, call())).items).toHaveLength(1);
  expect(driver.count("CreateVolumeGroupSnapshot")).toBe(0);
  await shop.until(claims, "data", ({ metadata }) => !(metadata.finalizers ?? []).includes(claimFinalizer));

  for (const daemon of running) expect(await daemon.end("SIGTERM")).toBe(0);
  await startBoth();
  await shop.until(groupSnapshots, "all", isReady);
  expect(driver.count("CreateVolumeGroupSnapshot")).toBeGreaterThan(0);
});
