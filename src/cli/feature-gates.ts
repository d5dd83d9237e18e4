import { InvalidArgumentError } from "commander";
import { booleanOf } from "./go-flags.ts";

/** What `--feature-gates` decides here. */
export interface FeatureGates {
  /** CSIVolumeGroupSnapshot */
  readonly groupSnapshots: boolean;
  /** ReleaseLeaderElectionOnExit */
  readonly releaseLeaderElectionOnExit: boolean;
  /** Gates that were set and mean nothing here: of a library of upstream's, of a newer release, or misspelled. */
  readonly withoutEffect: readonly string[];
}

const known = {
  CSIVolumeGroupSnapshot: "groupSnapshots",
  ReleaseLeaderElectionOnExit: "releaseLeaderElectionOnExit",
} as const;

export const defaultGates: FeatureGates = {
  groupSnapshots: true,
  releaseLeaderElectionOnExit: true,
  withoutEffect: [],
};

/** More gates than Kubernetes has. */
const gatesLimit = 500;

/**
 * Parses "Name=true,Other=false". Names that we do not know are no error: which gates there are changes with each release of
 * upstream's libraries, and a manifest is to outlive that.
 */
export function featureGates(text: string, before: FeatureGates = defaultGates): FeatureGates {
  const pairs = text.split(",").filter((part) => part.trim() !== "");
  if (pairs.length > gatesLimit) throw new InvalidArgumentError(`give at most ${gatesLimit} gates.`);
  return pairs.reduce(withGate, before);
}

function withGate(gates: FeatureGates, pair: string): FeatureGates {
  const [name = "", value, ...rest] = pair.split("=").map((part) => part.trim());
  const isOn = value === undefined || rest.length > 0 ? undefined : booleanOf(value);
  if (!/^\w+$/.test(name) || isOn === undefined)
    throw new InvalidArgumentError(`give pairs such as CSIVolumeGroupSnapshot=true, parted by commas, not "${pair}".`);
  if (name in known) return { ...gates, [known[name as keyof typeof known]]: isOn }; // it is one of its keys
  return { ...gates, withoutEffect: [...gates.withoutEffect, name] };
}
