import { expect, test } from "vitest";
import { type HealthPages, healthPages } from "./health.ts";

const pages = (): HealthPages => {
  const health = healthPages();
  health.live("leader-election", () => undefined);
  health.ready("csi-driver", () => "it does not answer");
  health.ready("volumesnapshots.snapshot.storage.k8s.io", () => undefined);
  return health;
};

test.each<[string, string, number, string]>([
  ["is well while all its checks hold", "/healthz", 200, "ok"],
  ["asks one check alone by its name", "/healthz/leader-election", 200, "ok"],
  [
    "lists what holds and what does not, and why, while something is waited for",
    "/readyz",
    503,
    "[-]csi-driver failed: it does not answer\n[+]volumesnapshots.snapshot.storage.k8s.io ok\nreadyz check failed\n",
  ],
  [
    "says of one check why it does not hold",
    "/readyz/csi-driver",
    503,
    "[-]csi-driver failed: it does not answer\nreadyz check failed\n",
  ],
])("a health page %s", (_what, path, status, text) => {
  expect(pages().page(path)).toEqual({ status, text });
});

test("there is no health page for a check that nobody has registered, and none beside the two", () => {
  expect(["/readyz/leader-election", "/healthz/x", "/healthzz", "/"].map((path) => pages().page(path))).toEqual(
    [1, 2, 3, 4].map(() => undefined),
  );
});

test("a process that cannot help itself is unhealthy, whether or not it is ready", () => {
  const health = healthPages();
  let expired: string | undefined;
  health.live("leader-election", () => expired);
  expect([health.page("/healthz")?.status, health.page("/readyz")?.status]).toEqual([200, 200]);
  expired = "the lease was not renewed in time";
  expect([health.page("/healthz")?.status, health.page("/readyz")?.status]).toEqual([500, 200]);
});
