import { describe, expect, test } from "vitest";
import { silent } from "../../lib/log.ts";
import { type Candidate, pickEngine } from "./pick.ts";

const candidate = (name: string, access: "nbd" | "loop", works: boolean): Candidate => ({
  name,
  access,
  probe: async () => ({ works, finding: works ? "it works" : "no such kernel" }),
  open: () => Promise.reject(new Error("nobody asked for it to be opened")),
});

const picked = async (works: boolean, engine: string, served?: "nbd" | "loop") => {
  const candidates = [candidate("atomic", "loop", works), candidate("userland", "nbd", true)];
  const { candidate: found } = await pickEngine(candidates, { engine, served }, silent);
  return found.name;
};

describe("the cut engine", () => {
  test("is the first that works, or the one that was asked for", async () => {
    expect(await picked(true, "auto")).toBe("atomic");
    expect(await picked(false, "auto")).toBe("userland");
    expect(await picked(true, "userland")).toBe("userland");
  });

  test("that was asked for and does not work is refused with what was found", async () => {
    await expect(picked(false, "atomic")).rejects.toThrow("atomic: no such kernel");
    await expect(picked(true, "steam")).rejects.toThrow("there is no engine steam; use auto, atomic or userland");
  });

  test("is never one that would reach what is in the pool in another way than before", async () => {
    expect(await picked(true, "auto", "nbd")).toBe("userland");
    await expect(picked(true, "atomic", "nbd")).rejects.toThrow("have been served as NBD sockets");
    await expect(picked(false, "auto", "loop")).rejects.toThrow("have been served as loop devices");
  });
});
