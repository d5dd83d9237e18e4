import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VolumeCapability_AccessMode_Mode as Mode } from "../csi/gen/csi_pb.js";
import { aDriver, block, call, filesystem, type TestDriver } from "./testing.ts";

let driver: TestDriver;
beforeAll(async () => {
  driver = await aDriver();
});
afterAll(() => driver.close());

const kib4 = 4096n;
const create = (name: string, more: object = {}) =>
  driver.csi.controller.createVolume({ name, volumeCapabilities: [block, filesystem], ...more }, call);
const ofSize = (requiredBytes: bigint, limitBytes = 0n) => ({ capacityRange: { requiredBytes, limitBytes } });

describe("CreateVolume", () => {
  test("asked again with the same name answers the same volume, one after the other and at once", async () => {
    const answers = await Promise.all([1, 2, 3].map(() => create("same", ofSize(kib4))));
    answers.push(await create("same", ofSize(kib4)));
    expect(new Set(answers.map(({ volume }) => volume?.volumeId)).size).toBe(1);
  });

  test("tells where the volume is", async () => {
    const { volume } = await create("here");
    expect(volume?.accessibleTopology[0]?.segments).toEqual({ "topology.local.csi.groupsnap.dev/node": "node-1" });
    expect(volume?.capacityBytes).toBe(1n << 30n);
  });

  test("rounds sizes up to 4096 and stays within the limit", async () => {
    expect((await create("round", ofSize(4097n))).volume?.capacityBytes).toBe(8192n);
    expect((await create("limited", ofSize(0n, 10_000n))).volume?.capacityBytes).toBe(8192n);
  });

  const refusals: readonly [string, object, string, RegExp][] = [
    ["no name", { name: "" }, "invalid", /name is required/],
    ["a name of 129 bytes", { name: "n".repeat(129) }, "invalid", /at most 128/],
    ["a name with a bell in it", { name: "a\u0007b" }, "invalid", /control character/],
    ["no capabilities", { volumeCapabilities: [] }, "invalid", /volume_capabilities is required/],
    ["many writing nodes", capabilities(Mode.MULTI_NODE_MULTI_WRITER), "invalid", /MULTI_NODE_MULTI_WRITER/],
    ["no access mode", capabilities(Mode.UNKNOWN), "invalid", /UNKNOWN/],
    ["a negative size", ofSize(-1n), "invalid", /cannot be negative/],
    ["a limit under the requirement", ofSize(8192n, 4096n), "invalid", /8192 are more than limit_bytes 4096/],
    ["a limit under one block", ofSize(0n, 4095n), "outOfRange", /no room for a block/],
    ["a rounded size over the limit", ofSize(4097n, 4100n), "outOfRange", /more than the limit of 4100/],
    ["16 TiB", ofSize(1n << 44n), "outOfRange", /more than the/],
    ["2^62 bytes", ofSize(1n << 62n), "outOfRange", /more than a volume can have/],
    ["an unknown parameter", { parameters: { colour: "red" } }, "invalid", /unknown parameters in the class: colour/],
    ["a snapshot that is not there", fromSnapshot("snap-none"), "notFound", /no snapshot snap-none/],
    ["a volume that is not there", fromVolume("vol-none"), "notFound", /no volume vol-none/],
    ["an empty source", { volumeContentSource: {} }, "invalid", /must be a snapshot or a volume/],
    [
      "another node",
      { accessibilityRequirements: { requisite: [{ segments: { "topology.local.csi.groupsnap.dev/node": "far" } }] } },
      "exhausted",
      /accessibility_requirements/,
    ],
  ];
  test.each(refusals)("refuses %s and says why", async (_title, more, code, message) => {
    const refused = create("refused", more).catch((error: unknown) => error);
    expect(await refused).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test("passes over what sidecars add to the parameters", async () => {
    const { volume } = await create("annotated", { parameters: { "csi.storage.k8s.io/pvc/name": "data" } });
    expect(volume?.volumeId).toMatch(/^vol-/);
  });

  test("refuses a name that is taken by another size or another source", async () => {
    const { volume } = await create("taken", ofSize(8192n));
    await expect(create("taken", ofSize(16_384n))).rejects.toMatchObject({ code: "exists" });
    await expect(create("taken", ofSize(0n, 4096n))).rejects.toMatchObject({ code: "exists" });
    await expect(create("taken", fromVolume(volume?.volumeId ?? ""))).rejects.toMatchObject({ code: "exists" });
    await expect(create("taken", ofSize(4096n, 8192n))).resolves.toMatchObject({
      volume: { volumeId: volume?.volumeId },
    });
  });

  test("clones a volume in use as it is at the instant, larger if asked, never smaller", async () => {
    const source = await driver.volume("clone-source", 1 << 20);
    const disk = await driver.use(source);
    await disk.write(8192, Buffer.from("cloned"));
    const { volume } = await create("clone", { ...fromVolume(source), ...ofSize(2n << 20n) });
    await disk.write(8192, Buffer.from("CLONED"));
    const clone = await driver.use(volume?.volumeId ?? "");
    expect([clone.sizeBytes, (await clone.read(8192, 6)).toString()]).toEqual([2 << 20, "cloned"]);
    const smaller = { ...fromVolume(source), ...ofSize(kib4) };
    await expect(create("smaller", smaller)).rejects.toMatchObject({ code: "outOfRange" });
  });
});

describe("DeleteVolume", () => {
  test("of a volume that is gone, or never was, is fine", async () => {
    const volumeId = await driver.volume("gone");
    await driver.csi.controller.deleteVolume({ volumeId }, call);
    await driver.csi.controller.deleteVolume({ volumeId }, call);
    await driver.csi.controller.deleteVolume({ volumeId: "never" }, call);
    await expect(driver.csi.controller.deleteVolume({}, call)).rejects.toMatchObject({ code: "invalid" });
  });

  test("of a volume in use is refused until it is unpublished", async () => {
    const volumeId = await driver.volume("in-use");
    await driver.publish(volumeId);
    await expect(driver.csi.controller.deleteVolume({ volumeId }, call)).rejects.toMatchObject({
      code: "precondition",
    });
    await driver.unpublish(volumeId);
    await driver.csi.controller.deleteVolume({ volumeId }, call);
    await expect(driver.csi.controller.controllerGetVolume({ volumeId }, call)).rejects.toMatchObject({
      code: "notFound",
    });
  });
});

describe("ControllerExpandVolume", () => {
  test("makes a volume larger while it is in use, and asked again answers the same", async () => {
    const volumeId = await driver.volume("grows", 1 << 20);
    const disk = await driver.use(volumeId);
    await disk.write(0, Buffer.from("before"));
    const asked = { volumeId, ...ofSize(3n << 20n) };
    const grown = await driver.csi.controller.controllerExpandVolume(asked, call);
    expect(grown).toMatchObject({ capacityBytes: 3n << 20n, nodeExpansionRequired: false });
    expect(await driver.csi.controller.controllerExpandVolume(asked, call)).toMatchObject(grown);
    const again = await driver.use(volumeId);
    await again.write((3 << 20) - 5, Buffer.from("after"));
    expect((await again.read(0, 6)).toString()).toBe("before");
  });

  test("refuses what cannot be: a missing volume, no range, a limit below its size, more than there is", async () => {
    const volumeId = await driver.volume("fixed", 1 << 20);
    const expand = (request: object) =>
      driver.csi.controller.controllerExpandVolume({ volumeId, ...request }, call).catch((error: unknown) => error);
    expect(await expand({ volumeId: "vol-none", ...ofSize(kib4) })).toMatchObject({ code: "notFound" });
    expect(await expand({})).toMatchObject({ code: "invalid" });
    expect(await expand(ofSize(0n, kib4))).toMatchObject({ code: "outOfRange" });
    expect(await expand(ofSize(1n << 43n))).toMatchObject({ code: "exhausted" });
  });
});

describe("what can be asked about volumes", () => {
  test("lists them page by page, and refuses a token that is not its own", async () => {
    const wanted = [await driver.volume("page-1"), await driver.volume("page-2"), await driver.volume("page-3")];
    const seen: string[] = [];
    let startingToken = "";
    do {
      const page = await driver.csi.controller.listVolumes({ maxEntries: 2, startingToken }, call);
      expect(page.entries.length).toBeLessThanOrEqual(2);
      seen.push(...page.entries.map((entry) => entry.volume?.volumeId ?? ""));
      startingToken = page.nextToken;
    } while (startingToken !== "");
    expect(seen.filter((id) => wanted.includes(id))).toEqual(wanted);
    expect(new Set(seen).size).toBe(seen.length);
    const { listVolumes } = driver.csi.controller;
    await expect(listVolumes({ startingToken: "mine" }, call)).rejects.toMatchObject({ code: "busy" });
    await expect(listVolumes({ maxEntries: -1 }, call)).rejects.toMatchObject({ code: "invalid" });
  });

  test("says on which node a volume is published", async () => {
    const volumeId = await driver.volume("published");
    await driver.publish(volumeId);
    const { status } = await driver.csi.controller.controllerGetVolume({ volumeId }, call);
    expect(status?.publishedNodeIds).toEqual(["node-1"]);
  });

  test("confirms the capabilities it has, and says which it has not", async () => {
    const volumeId = await driver.volume("validated");
    const validate = (volumeCapabilities: object[]) =>
      driver.csi.controller.validateVolumeCapabilities({ volumeId, volumeCapabilities }, call);
    expect((await validate([block, filesystem])).confirmed?.volumeCapabilities).toHaveLength(2);
    const answer = await validate(capabilities(Mode.MULTI_NODE_MULTI_WRITER).volumeCapabilities);
    expect([answer.confirmed, answer.message]).toEqual([undefined, expect.stringMatching(/live on one node/)]);
  });

  test("tells the capacity of this node, and none of another", async () => {
    const here = await driver.csi.controller.getCapacity({}, call);
    expect(here.availableCapacity).toBeGreaterThan(0n);
    const accessibleTopology = { segments: { "topology.local.csi.groupsnap.dev/node": "far" } };
    expect((await driver.csi.controller.getCapacity({ accessibleTopology }, call)).availableCapacity).toBe(0n);
  });

  test("reports the loss of an image as the volume's health", async () => {
    const volumeId = await driver.volume("lost");
    const health = async () =>
      (await driver.csi.controller.controllerGetVolumeHealth({ volumeId }, call)).volumeHealth?.healthStatuses;
    expect(await health()).toEqual([]);
    await rm(join(driver.pool, "volumes", `${volumeId}.img`));
    expect(await health()).toMatchObject([{ reason: "ImageMissing" }]);
    await expect(driver.publish(volumeId)).rejects.toMatchObject({ code: "internal" });
  });
});

function capabilities(mode: Mode) {
  return { volumeCapabilities: [{ accessType: block.accessType, accessMode: { mode } }] };
}
function fromSnapshot(snapshotId: string) {
  return { volumeContentSource: { type: { case: "snapshot", value: { snapshotId } } } };
}
function fromVolume(volumeId: string) {
  return { volumeContentSource: { type: { case: "volume", value: { volumeId } } } };
}
