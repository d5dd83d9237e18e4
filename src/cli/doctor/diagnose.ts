import { checkAccess } from "./checks/access.ts";
import { checkClasses } from "./checks/classes.ts";
import { checkConversion } from "./checks/conversion.ts";
import { checkDefinitions } from "./checks/definitions.ts";
import { checkDrivers } from "./checks/driver.ts";
import { checkObjects } from "./checks/objects.ts";
import { checkProcesses } from "./checks/processes.ts";
import type { Finding } from "./finding.ts";
import type { Observed } from "./observed.ts";

/** What everything else rests on comes first. */
const checks: readonly ((seen: Observed) => readonly Finding[])[] = [
  checkAccess,
  checkDefinitions,
  checkConversion,
  checkProcesses,
  checkDrivers,
  checkClasses,
  checkObjects,
];

/** All that is wrong with a cluster, errors before warnings. */
export function diagnose(seen: Observed): readonly Finding[] {
  const findings = checks.flatMap((check) => check(seen));
  return [...findings.filter(isError), ...findings.filter((finding) => !isError(finding))];
}

export const isError = ({ severity }: Finding) => severity === "error";
