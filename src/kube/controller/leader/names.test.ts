import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemRandom } from "../../../lib/random.ts";
import { candidateIdentity, podNamespace, sanitized } from "./names.ts";

test.each([
  ["external-snapshotter-leader-hostpath.csi.k8s.io", "external-snapshotter-leader-hostpath-csi-k8s-io"],
  ["external-snapshotter-leader-org/driver_1", "external-snapshotter-leader-org-driver-1"],
  ["ends-badly.", "ends-badly-X"],
  ["snapshot-controller-leader", "snapshot-controller-leader"],
])("a lease is named as upstream names it: %s", (name, expected) => {
  expect(sanitized(name)).toBe(expected);
});

test("two processes on one host are two candidates", () => {
  expect(candidateIdentity(systemRandom)).not.toBe(candidateIdentity(systemRandom));
  expect(candidateIdentity(systemRandom)).toMatch(/^[a-zA-Z0-9-]+$/);
});

test("leases live in the pod's namespace, and in default outside of pods", () => {
  const dir = mkdtempSync(join(tmpdir(), "gs-sa-"));
  try {
    expect(podNamespace({}, dir)).toBe("default");
    writeFileSync(join(dir, "namespace"), "storage\n");
    expect(podNamespace({}, dir)).toBe("storage");
    expect(podNamespace({ POD_NAMESPACE: "kube-system" }, dir)).toBe("kube-system");
  } finally {
    rmSync(dir, { recursive: true });
  }
});
