import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { aDriver, call } from "../driver/testing.ts";
import { halfMade } from "./half-made.ts";

test("a pool with something half-made in it is told from one without", async () => {
  const driver = await aDriver();
  const id = await driver.volume("whole");
  await driver.csi.controller.createSnapshot({ name: "of the whole", sourceVolumeId: id }, call);
  await driver.csi.groupController.createVolumeGroupSnapshot({ name: "group", sourceVolumeIds: [id] }, call);
  expect(await halfMade(driver)).toEqual([]);

  await writeFile(join(driver.pool, "snapshots", "snap-of-nobody.img"), "");
  await driver.csi.controller.createSnapshot({ name: "one more", sourceVolumeId: id }, call);
  await rm(join(driver.pool, "volumes", `${id}.img`));
  expect(await halfMade(driver)).toEqual([
    `volume ${id}.img is listed and not there`,
    "snapshot snap-of-nobody.img is listed nowhere",
    "3 snapshots of groups of two are listed",
  ]);
  await driver.close();
});
