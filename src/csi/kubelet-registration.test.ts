import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Client as Channel, credentials } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import { silent } from "../lib/log.ts";
import { Registration } from "./gen/registration_pb.js";
import { introduceToKubelet } from "./kubelet-registration.ts";
import { pathOf } from "./service.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gs-registry-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const socket = () => join(folder, "a.driver-reg.sock");
const introduced = (log: Logger = silent) =>
  introduceToKubelet({
    registryDir: folder,
    driverName: "a.driver",
    endpoint: "unix:///plugins/csi.sock",
    clock: systemClock,
    log,
  });

/** Calls as the kubelet does. */
function ask(method: DescMethod, request: Record<string, unknown>): Promise<Message | undefined> {
  const channel = new Channel(`unix:${socket()}`, credentials.createInsecure());
  const answered = new Promise<Message | undefined>((resolve, reject) => {
    channel.makeUnaryRequest(
      pathOf(Registration, method),
      (message: Message) => Buffer.from(toBinary(method.input, message)),
      (bytes: Buffer) => fromBinary(method.output, bytes),
      create(method.input, request),
      (error, answer) => (error ? reject(error) : resolve(answer)),
    );
  });
  return answered.finally(() => channel.close());
}

test("the kubelet is told the driver's name, its socket, and a version of CSI that the kubelet speaks", async () => {
  const { end } = await introduced();
  expect(await ask(Registration.method.getInfo, {})).toMatchObject({
    type: "CSIPlugin",
    name: "a.driver",
    endpoint: "/plugins/csi.sock",
    supportedVersions: ["1.0.0"],
  });
  await end();
});

test("that the kubelet refuses the driver is logged with its reason, and the driver goes on", async () => {
  const told: unknown[] = [];
  const { end } = await introduced({ ...silent, error: (fields) => told.push(fields) });
  await ask(Registration.method.notifyRegistrationStatus, { pluginRegistered: false, error: "no such node" });
  expect(told).toMatchObject([{ driver: "a.driver", error: "no such node" }]);
  await ask(Registration.method.notifyRegistrationStatus, { pluginRegistered: true });
  await end();
});

test("the node has the driver no more once the introduction has ended: its socket is gone", async () => {
  const { end } = await introduced();
  await access(socket());
  await end();
  await expect(access(socket())).rejects.toMatchObject({ code: "ENOENT" });
});
