import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exec } from "../../src/lib/exec.ts";

/** The image's root folder, for a user without rights, with nothing of this machine but the kernel. */
let parent: string;
let folder: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), "gs-image-"));
  folder = join(parent, "root");
  execFileSync(process.execPath, ["deploy/image/rootfs.mjs", folder]);
}, 60_000);
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const inside = async (...args: readonly string[]) => {
  const argv = ["chroot", "--userspec=65532:65532", folder, "/bin/node", "/app/dist/cli/main.js", ...args] as const;
  const limit = {
    timeoutMs: 90_000,
    signal: AbortSignal.timeout(90_000),
    env: { NODE_EXTRA_CA_CERTS: "", TMPDIR: "/tmp" },
  };
  return (await exec(argv, limit)).stdout;
};

test.each(["snapshot-controller", "csi-snapshotter", "webhook", "provisioner", "driver", "node", "doctor"])(
  "in the image, the %s process loads",
  async (name) => {
    expect(await inside(name, "--help")).toContain(`Usage: groupsnap ${name} `);
  },
);

test("in the image, the demo runs to its end, storage included", { timeout: 100_000 }, async () => {
  mkdirSync(join(folder, "dev"));
  execFileSync("mknod", ["-m", "666", join(folder, "dev/null"), "c", "1", "3"]); // as every container has it
  const steps = (await inside("demo", "--json")).trim().split("\n");
  expect(JSON.parse(steps.at(-1) ?? "")).toMatchObject({ demo: "ok" });
});
