import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Code } from "../lib/failure.ts";
import { aDriver, block, call, type TestDriver } from "./testing.ts";

const MiB = 1 << 20;
let driver: TestDriver;
let volumeId: string;
beforeAll(async () => {
  driver = await aDriver({ poolSizeBytes: BigInt(64 * MiB) });
  volumeId = await driver.volume("data", MiB);
  await mkdir(join(driver.folder, "pods"));
  await symlink(join(driver.pool, "volumes"), join(driver.folder, "pods", "into-the-pool"));
});
afterAll(() => driver.close());

const refusal = (code: Code, message: RegExp) => ({ code, message: expect.stringMatching(message) as string });
const answerTo = (asked: Promise<unknown>) => asked.catch((error: unknown) => error);

type Row<T = object> = readonly [what: string, value: T, code: Code, message: RegExp];
const sized = (requiredBytes: number, limitBytes = 0) => ({
  capacityRange: { requiredBytes: BigInt(requiredBytes), limitBytes: BigInt(limitBytes) },
});

describe("a size", () => {
  const sizes: readonly Row[] = [
    ["below zero", sized(-1), "invalid", /cannot be negative/],
    ["with a limit below zero", sized(0, -1), "invalid", /cannot be negative/],
    [
      "beyond the pool",
      sized(65 * MiB),
      "exhausted",
      /it needs 65 MiB, the pool has 63 MiB of its limit of 64 MiB left/,
    ],
    ["beyond every volume", sized(2 ** 44), "outOfRange", /more than the 17592186040320 a volume can have/],
    ["that no multiple of 4096 has", sized(2 * MiB + 1, 2 * MiB + 4095), "outOfRange", /a multiple of 4096/],
  ];

  test.each(sizes)("%s is refused for a new volume, with what would do", async (_what, more, code, message) => {
    const asked = driver.csi.controller.createVolume({ name: "sized", volumeCapabilities: [block], ...more }, call);
    expect(await answerTo(asked)).toMatchObject(refusal(code, message));
  });

  test.each(sizes)("%s is refused for a volume that is to grow, which stays as it is", async (_what, more, code) => {
    const asked = driver.csi.controller.controllerExpandVolume({ volumeId, ...more }, call);
    expect(await answerTo(asked)).toMatchObject({ code });
    const { volume } = await driver.csi.controller.controllerGetVolume({ volumeId }, call);
    expect(volume?.capacityBytes).toBe(BigInt(MiB));
  });

  test("of zero is no wish: a new volume gets what there is by default, an old one stays as it is", async () => {
    const { capacityBytes } = await driver.csi.controller.controllerExpandVolume({ volumeId, ...sized(0) }, call);
    expect(capacityBytes).toBe(BigInt(MiB));
    const asked = { name: "zero", volumeCapabilities: [block], ...sized(0, 4 * MiB) };
    const { volume } = await driver.csi.controller.createVolume(asked, call);
    expect(volume?.capacityBytes).toBe(BigInt(4 * MiB));
    await driver.csi.controller.deleteVolume({ volumeId: volume?.volumeId ?? "" }, call);
  });
});

describe("a path", () => {
  const paths: readonly [what: string, path: () => string, message: RegExp][] = [
    ["that is relative", () => "pods/1", /must be an absolute path/],
    ["with a zero byte", () => `${driver.folder}/a\0b`, /must be an absolute path/],
    ["that goes up", () => `${driver.folder}/pods/../pool/volumes`, /without \. and \.\./],
    ["of 4097 bytes", () => `/${"p".repeat(4096)}`, /longer than 4096 bytes/],
    ["in the pool", () => join(driver.pool, "volumes", "here"), /lies in the pool/],
    ["that is the pool", () => driver.pool, /lies in the pool/],
    ["that a link leads into the pool", () => join(driver.folder, "pods", "into-the-pool", "here"), /lies in the pool/],
  ];

  test.each(paths)("%s is no place to stage or publish a volume", async (_what, path, message) => {
    const staged = { volumeId, stagingTargetPath: path(), volumeCapability: block };
    expect(await answerTo(driver.csi.node.nodeStageVolume(staged, call))).toMatchObject(refusal("invalid", message));
    const published = { ...staged, stagingTargetPath: join(driver.folder, "staging"), targetPath: path() };
    expect(await answerTo(driver.csi.node.nodePublishVolume(published, call))).toMatchObject(
      refusal("invalid", message),
    );
  });

  test.each(["../state.db", "/etc/passwd", "vol-%2e%2e"])("in place of a volume's id is no volume: %s", async (id) => {
    const { controller } = driver.csi;
    expect(await answerTo(controller.controllerGetVolume({ volumeId: id }, call))).toMatchObject({ code: "notFound" });
    const taken = controller.createSnapshot({ name: "of-a-path", sourceVolumeId: id }, call);
    expect(await answerTo(taken)).toMatchObject(refusal("notFound", /there is no volume/));
    await controller.deleteVolume({ volumeId: id }, call); // what never was is gone
  });
});

describe("a class", () => {
  const wishes: readonly Row<Record<string, string>>[] = [
    ["a level that is none", { consistency: "perfect" }, "invalid", /must be crash or filesystem, not perfect/],
    ["a downgrade that may be", { allowDowngrade: "maybe" }, "invalid", /must be "true" or "false", not maybe/],
    ["a parameter that is none", { colour: "red" }, "invalid", /unknown parameters in the class: colour/],
    ["too much text", { colour: "r".repeat(4097) }, "invalid", /at most 4096/],
    ["more than the engine has", { consistency: "filesystem" }, "precondition", /the cut is crash consistent/],
  ];

  test.each(wishes)("with %s gets no snapshot and no group, and is told what it may have", async (...row) => {
    const [, parameters, code, message] = row;
    const { controller, groupController } = driver.csi;
    const single = controller.createSnapshot({ name: "wished", sourceVolumeId: volumeId, parameters }, call);
    expect(await answerTo(single)).toMatchObject(refusal(code, message));
    const wanted = { name: "wished", sourceVolumeIds: [volumeId], parameters };
    const group = groupController.createVolumeGroupSnapshot(wanted, call);
    expect(await answerTo(group)).toMatchObject(refusal(code, message));
    expect((await controller.listSnapshots({}, call)).entries).toEqual([]);
  });

  test("with a parameter that is none has no capacity to ask for", async () => {
    const asked = driver.csi.controller.getCapacity({ parameters: { colour: "red" } }, call);
    expect(await answerTo(asked)).toMatchObject({ code: "invalid" });
  });
});
