import { access, mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { packageOf } from "../../src/driver/filesystem/tools.ts";
import { aDriver, type TestDriver } from "../../src/driver/testing.ts";
import { cutAsGroup } from "../../src/testing/cuts.ts";
import { mountedVolumes } from "../../src/testing/mounted-volumes.ts";
import { type ScratchPool, scratchPool } from "../../src/testing/scratch-pool.ts";

let scratch: ScratchPool;
let driver: TestDriver;
let tools: string;
afterEach(async () => {
  await driver.close();
  await scratch.remove();
  await rm(tools, { recursive: true, force: true });
});

/** A driver that finds its tools in a folder of their own. */
async function start({ engine, type }: { readonly engine: string; readonly type: "btrfs" | "xfs" }): Promise<void> {
  scratch = await scratchPool(type);
  tools = await mkdtemp(join(tmpdir(), "gs-tools-"));
  const path = process.env.PATH ?? "";
  for (const name of Object.keys(packageOf)) {
    const places = path.split(":").map((folder) => join(folder, name));
    const found = await Promise.any(places.map((place) => access(place).then(() => place)));
    await symlink(found, join(tools, name));
  }
  process.env.PATH = tools;
  try {
    driver = await aDriver({ poolDir: join(scratch.path, "pool"), engine, ownProcess: true });
  } finally {
    process.env.PATH = path;
  }
}

test.each([
  ["atomic", "btrfs", "crash"],
  ["atomic", "btrfs", "filesystem"],
  ["freeze", "xfs", "filesystem"],
] as const)(
  "a group snapshot of the %s engine on %s, %s consistent, starts no process: it is taken though every tool is gone",
  async (engine, type, consistency) => {
    await start({ engine, type });
    const volumes = mountedVolumes(driver);
    const wish = { fsType: "ext4" } as const;
    const used: string[] = [];
    try {
      for (const name of ["data", "log", "index"]) used.push((await volumes.put(name, wish)).id);
      const blank = await volumes.make("blank", wish);
      await whileToolsAreGone(async () => {
        await expect(volumes.use(blank, wish)).rejects.toThrow(/losetup, which is not installed/);
        expect(await cutAsGroup(driver, used, { consistency })).toHaveLength(3);
      });
    } finally {
      for (const id of used) await volumes.end(id);
    }
  },
);

async function whileToolsAreGone(work: () => Promise<void>): Promise<void> {
  await rename(tools, `${tools}-away`);
  try {
    await work();
  } finally {
    await rename(`${tools}-away`, tools);
  }
}
