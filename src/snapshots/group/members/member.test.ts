import { describe, expect, test } from "vitest";
import { aCut, aGroupContent } from "../../../testing/group-builders.ts";
import { aBoundGroup, memberClaims, membersSeen } from "../../../testing/member-builders.ts";
import { decideMembers } from "./decide.ts";

describe("the members of a group", () => {
  test("tell the mode of their volume also when its claim is gone, unless the admin lets modes change", () => {
    const facts = membersSeen("snapshot");
    const block = facts.members.map((one) => ({
      ...one,
      claim: undefined,
      volume: one.volume && { ...one.volume, spec: { ...one.volume.spec, volumeMode: "Block" as const } },
    }));
    const told = decideMembers({ ...facts, members: block }).steps.flat();
    expect(told[0]).toMatchObject({ draft: { spec: { sourceVolumeMode: "Block" } } });
    const [untold] = decideMembers({ ...facts, members: block, allowsModeChange: true }).steps.flat();
    expect(untold).toMatchObject({ do: "create" });
    expect(untold).not.toHaveProperty("draft.spec.sourceVolumeMode");
  });

  test("are waited for with a word when another's sidecar reports an error without one", () => {
    const status = { ...aCut(memberClaims, false), error: {} };
    const content = aGroupContent(aBoundGroup(), memberClaims, { status });
    const told = decideMembers(membersSeen("told", { content })).steps.flat();
    expect(told.at(-1)).toMatchObject({
      do: "writeStatus",
      status: { error: { message: expect.stringContaining("an error without a message") as string } },
    });
  });
});
