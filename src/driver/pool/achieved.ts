import { Failure } from "../../lib/failure.ts";
import { type Cut, type CutWish, isAtLeast } from "../cut/cut-engine.ts";

/** @throws Failure if the cut is worth less than what was asked for: "busy" if the next one may be worth it, else "precondition" */
export function checkAchieved(
  { consistency: achieved, shortfall }: Pick<Cut, "consistency" | "shortfall">,
  { consistency, allowDowngrade }: CutWish,
): void {
  if (allowDowngrade || isAtLeast(achieved, consistency)) return;
  const { why, mayPass } = shortfall ?? { why: "this engine gives no more", mayPass: false };
  const cure = mayPass ? "try again" : "use volumes with filesystems and an engine that holds them";
  throw new Failure(
    mayPass ? "busy" : "precondition",
    `the cut is ${achieved} consistent, the class asks for ${consistency}: it is dropped (${why}); ${cure}, ` +
      'or set allowDowngrade: "true" in the class',
  );
}
