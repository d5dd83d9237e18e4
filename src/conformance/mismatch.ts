import { failureOf } from "../lib/failure.ts";
import type { Verdict } from "./check.ts";
import type { Driver } from "./driver.ts";
import { aGroup, cut, type Group, getGroup, handlesOf } from "./groups.ts";
import { differences } from "./judge-group.ts";
import type { Lab } from "./lab.ts";

type Request = ReturnType<typeof handlesOf>;

/**
 * A call about one group with the snapshots of another. A driver that cannot detect it may go by the group's id alone, but
 * the other group is never to be touched.
 */
export async function objectionsToMismatch(
  lab: Lab,
  call: string,
  make: (driver: Driver, request: Request) => Promise<unknown>,
): Promise<Verdict> {
  const [group, other] = [await cut(lab, await aGroup(lab)), await cut(lab, await aGroup(lab))];
  const request = { ...handlesOf(group), snapshotIds: handlesOf(other).snapshotIds };
  const failure = await lab.patience.untilDone((driver) => make(driver, request)).then(() => undefined, failureOf);
  const harmed = await objectionsToWhole(lab, other);
  if (harmed.length > 0) return { violations: harmed.map((what) => `the group whose snapshots were named: ${what}`) };
  if (failure === undefined)
    return { cannotTell: `${call} goes by group_snapshot_id alone, which the specification allows` };
  if (failure.code !== "invalid")
    return { violations: [`a mismatch was not refused with INVALID_ARGUMENT: ${failure.message}`] };
  const changed = await objectionsToWhole(lab, group);
  return { violations: changed.map((what) => `a call that was refused changed its group: ${what}`) };
}

/** What became of a group that nobody deleted. */
export async function objectionsToWhole(lab: Lab, group: Group): Promise<readonly string[]> {
  return getGroup(lab, group).then(
    (found) => differences(group, found),
    (error: unknown) => [failureOf(error).message],
  );
}
