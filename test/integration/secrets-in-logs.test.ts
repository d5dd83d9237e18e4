import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { groupClasses, groupSnapshots } from "../../src/api/group-snapshot/resources.ts";
import { classes, snapshots } from "../../src/api/snapshot/resources.ts";
import { secrets } from "../../src/kube/core/secret.ts";
import type { Resource } from "../../src/kube/object.ts";
import { type ShopOnEmbedded, shopOnEmbedded } from "./shop-on-embedded.ts";

const password = "correct-horse-battery-staple";
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

/** A kubeconfig that logs in by token instead of by certificate. */
function kubeconfigWithToken(): string {
  const config = JSON.parse(readFileSync(api.kubeconfigPath, "utf8")) as object;
  const path = join(groupsnap.folder, "token.kubeconfig");
  writeFileSync(path, JSON.stringify({ ...config, "current-context": "groupsnap-token" }), { mode: 0o600 });
  return path;
}

/** Classes whose snapshots are made with the secret. */
async function classesWithSecret(): Promise<void> {
  const stringData = { key: password };
  const metadata = { name: "vault", namespace: "shop" };
  await shop.client.create(secrets, { apiVersion: "v1", kind: "Secret", metadata, stringData } as never, call());
  const parametersOf = (prefix: string) => ({
    [`csi.storage.k8s.io/${prefix}-secret-name`]: "vault",
    [`csi.storage.k8s.io/${prefix}-secret-namespace`]: "shop",
  });
  const made: readonly (readonly [Resource, string])[] = [
    [classes, "snapshotter"],
    [groupClasses, "group-snapshotter"],
  ];
  for (const [resource, prefix] of made) {
    const { group, version, kind } = resource;
    const draft = { apiVersion: `${group}/${version}`, kind, metadata: { name: "secretive" }, driver: driver.name };
    const rest = { deletionPolicy: "Delete", parameters: parametersOf(prefix) };
    await shop.client.create(resource, { ...draft, ...rest } as never, call());
  }
}

test("the highest verbosity shows no secret's value, bearer token or client key, whatever a driver answers", async () => {
  await classesWithSecret();
  for (const method of ["CreateSnapshot", "CreateVolumeGroupSnapshot"])
    driver.fail(method, "unauthenticated", { message: `cannot log in with ${password}` });
  await groupsnap.start([
    "snapshot-controller",
    `--kubeconfig=${api.kubeconfigPath}`,
    "-v=10",
    "--logging-format=json",
  ]);
  const sidecar = ["csi-snapshotter", `--kubeconfig=${kubeconfigWithToken()}`, `--csi-address=${driver.address}`];
  await groupsnap.start([...sidecar, "-v=10", "--logging-format=text"]);
  await shop.claim("data", "db");
  await shop.single("one", { source: { persistentVolumeClaimName: "data" }, volumeSnapshotClassName: "secretive" });
  const source = { selector: { matchLabels: { app: "db" } } };
  await shop.group("all", { volumeGroupSnapshotClassName: "secretive", source });
  const failed = ({ status }: { readonly status?: { readonly error?: unknown } }) => status?.error !== undefined;
  await shop.until(snapshots, "one", failed);
  await shop.until(groupSnapshots, "all", failed);

  const objects = await Promise.all(
    ["events", "snapshot", "groupsnapshot"].map((group) =>
      shop.client.raw({ method: "GET", path: pathOf[group] ?? "", ...call() }),
    ),
  );
  const logs = readdirSync(groupsnap.folder)
    .filter((name) => name.endsWith(".log"))
    .map((name) => readFileSync(join(groupsnap.folder, name), "utf8"));
  const shown = [...logs, JSON.stringify(objects)].join("\n");
  expect(driver.calls.some(({ request }) => JSON.stringify(request, withoutBigints).includes(password))).toBe(true);
  expect(shown).toContain("cannot log in with ***");
  expect(shown).not.toContain(password);
  expect(shown).not.toContain(api.adminToken);
  expect(shown).not.toContain("PRIVATE KEY");
  for (const line of api.clientKeyPem.split("\n").filter((text) => text.length > 40)) expect(shown).not.toContain(line);
});

const withoutBigints = (_name: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);
const pathOf: Readonly<Record<string, string>> = {
  events: "/api/v1/events",
  snapshot: "/apis/snapshot.storage.k8s.io/v1/volumesnapshots",
  groupsnapshot: "/apis/groupsnapshot.storage.k8s.io/v1/volumegroupsnapshots",
};
