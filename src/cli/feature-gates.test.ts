import { expect, test } from "vitest";
import { defaultGates, featureGates } from "./feature-gates.ts";

test("a feature gate switches groups off, and another the release of the lease", () => {
  expect(featureGates("CSIVolumeGroupSnapshot=false")).toEqual({ ...defaultGates, groupSnapshots: false });
  expect(featureGates("ReleaseLeaderElectionOnExit=false,CSIVolumeGroupSnapshot=true")).toEqual({
    ...defaultGates,
    releaseLeaderElectionOnExit: false,
  });
});

test("gates of upstream's libraries, and those that nobody knows, are taken and told", () => {
  const gates = featureGates("WatchList=true, CSIVolumeGroupSnapshot=false,Nonsense=0");
  expect(gates).toEqual({ ...defaultGates, groupSnapshots: false, withoutEffect: ["WatchList", "Nonsense"] });
});

test("gates that are given twice add up", () => {
  const first = featureGates("CSIVolumeGroupSnapshot=false,WatchList=true");
  expect(featureGates("ReleaseLeaderElectionOnExit=false", first)).toEqual({
    groupSnapshots: false,
    releaseLeaderElectionOnExit: false,
    withoutEffect: ["WatchList"],
  });
});

test.each(["CSIVolumeGroupSnapshot", "CSIVolumeGroupSnapshot=on", "=true", "a=b=c", "a b=true"])(
  "refuses %j as feature gates",
  (text) => {
    expect(() => featureGates(text)).toThrow("give pairs such as CSIVolumeGroupSnapshot=true");
  },
);
