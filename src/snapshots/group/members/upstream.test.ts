import { describe, expect, test } from "vitest";
import { volumeHandle } from "../../../api/handles.ts";
import { membersSeen } from "../../../testing/member-builders.ts";
import { decideMembers } from "./decide.ts";

/** Members that are done, but for what each content names as its source. */
function membersOf(volume: (told: string) => string) {
  const facts = membersSeen("told");
  const members = facts.members.map((one) => {
    const source = { volumeHandle: volumeHandle(volume(one.info.volumeHandle ?? "")) };
    return { ...one, content: one.content && { ...one.content, spec: { ...one.content.spec, source } } };
  });
  return { ...facts, members };
}

describe("members that upstream's controller made", () => {
  test("are members: their contents name the volume, and have the handle in the status", () => {
    expect(decideMembers(membersOf((volume) => volume)).reason).toBe("Ready");
  });

  test("are no members if their contents name another volume, or another snapshot in the status", () => {
    expect(decideMembers(membersOf(() => "another")).reason).toBe("GroupSnapshotMisbound");
    const { members, ...facts } = membersOf((volume) => volume);
    const swapped = members.map((one, index) => {
      const { status } = members.at(index - 1)?.content ?? {};
      return { ...one, content: one.content && { ...one.content, ...(status && { status }) } };
    });
    expect(decideMembers({ ...facts, members: swapped }).reason).toBe("GroupSnapshotMisbound");
  });
});
