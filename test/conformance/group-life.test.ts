import { afterAll, beforeAll, describe } from "vitest";
import { playOn } from "../../src/testing/lab-api.ts";
import { type LabServer, labServer } from "./lab/server.ts";

// The tests of a group's life, which are played on the embedded API elsewhere, on kube-apiserver and etcd.

let server: LabServer | undefined;
beforeAll(async () => {
  const made = await labServer();
  server = made;
  playOn(made.clean);
}, 120_000);
afterAll(async () => {
  playOn();
  await server?.stop();
});

describe("on kube-apiserver,", () => {
  describe("groups from every source", async () => {
    await import("../../src/snapshots/group/sources.test.ts");
  });
  describe("groups that are brought", async () => {
    await import("../../src/snapshots/group/brought.test.ts");
  });
  describe("what groups are worth", async () => {
    await import("../../src/snapshots/group/consistency.test.ts");
  });
  describe("secrets of groups", async () => {
    await import("../../src/snapshots/group/secrets.test.ts");
  });
  describe("groups of one node", async () => {
    await import("../../src/snapshots/group/distributed.test.ts");
  });
  describe("what nobody has labelled", async () => {
    await import("../../src/snapshots/pairing/finding/finding.test.ts");
  });
  describe("facts that are news", async () => {
    await import("../../src/snapshots/group/binding/observe.test.ts");
  });
  describe("the cost of groups", async () => {
    await import("../../src/snapshots/group/life.test.ts");
  });
  describe("drivers in trouble", async () => {
    await import("../../src/snapshots/group/driver-trouble.test.ts");
  });
  describe("deletion of groups", async () => {
    await import("../../src/snapshots/group/release/release.test.ts");
  });
  describe("death and deletion at every instant", async () => {
    await import("../../src/snapshots/group/crash.test.ts");
  });
  describe("processes that start anew", async () => {
    await import("../../src/snapshots/group/restart.test.ts");
  });
  describe("older versions", async () => {
    await import("../integration/group-versions.test.ts");
  });
  describe("claims in use", async () => {
    await import("../../src/snapshots/pairing/claim/life.test.ts");
  });
  describe("claims from snapshots", async () => {
    await import("../../src/provisioning/provisioning.test.ts");
  });
  describe("single snapshots", async () => {
    await import("../../src/snapshots/single/life.test.ts");
  });
  describe("drivers that are asked", async () => {
    await import("../../src/snapshots/single/asking.test.ts");
  });
  describe("single snapshots, brought or restored", async () => {
    await import("../../src/snapshots/single/corners.test.ts");
  });
});
