import { describe, expect, test } from "vitest";
import { holdLost } from "../cut/hold-lost.ts";
import { checkAchieved } from "./achieved.ts";

const wish = { consistency: "filesystem", allowDowngrade: false } as const;
const raw = { why: "1 volumes are in use as block devices", mayPass: false };

describe("a cut that is worth less than its class asks for", () => {
  test.each([
    [
      "for want of what holds filesystems",
      {},
      "precondition",
      /this engine gives no more.*use volumes with filesystems/,
    ],
    ["for its volumes", { shortfall: raw }, "precondition", /in use as block devices.*use volumes with filesystems/],
    ["for a hold that was lost", { shortfall: holdLost }, "busy", /did not stay frozen.*try again/],
  ])("%s is refused with the reason, and whether another try may help", (_why, got, code, message) => {
    const check = () => checkAchieved({ consistency: "crash", ...got }, wish);
    expect(check).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  test("is taken where the class allows a downgrade", () => {
    const check = () => checkAchieved({ consistency: "crash", shortfall: holdLost }, { ...wish, allowDowngrade: true });
    expect(check).not.toThrow();
  });
});

test("a cut that is worth what its class asks for, or more, is taken", () => {
  for (const consistency of ["crash", "filesystem"] as const)
    expect(() => checkAchieved({ consistency: "filesystem" }, { consistency, allowDowngrade: false })).not.toThrow();
});
