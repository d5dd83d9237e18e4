import type { Lab } from "./lab.ts";
import type { Need } from "./offer.ts";

/** One thing that a driver has to do. */
export interface Claim {
  /** Stable, for reports and scripts: "create/members". */
  readonly name: string;
  /** What holds when it passes. */
  readonly claim: string;
  /** The section of the CSI specification that asks for it. */
  readonly spec: string;
}

/** How it is found out. */
export interface Check extends Claim {
  readonly needs: readonly Need[];
  /** @throws whatever the driver answers where it should have done something: a failure of the check */
  readonly run: (lab: Lab) => Promise<Verdict>;
}

export type Verdict =
  | {
      /** What is wrong, in sentences; none when the claim holds. */
      readonly violations: readonly string[];
      /** What else was seen. */
      readonly notes?: readonly string[];
    }
  /** The driver does what the specification leaves open, or the machine is in the way. */
  | { readonly cannotTell: string };

/** Calls about groups can be made. */
export const forGroups: readonly Need[] = ["volumes", "groups"];

/** What comes before all checks. */
export const identity: Claim = {
  name: "identity",
  claim: "the driver says who it is and what it can do",
  spec: "GetPluginInfo, GetPluginCapabilities, ControllerGetCapabilities, GroupControllerGetCapabilities, NodeGetInfo",
};

/** What comes after all checks, whatever became of them. */
export const cleanUp: Claim = {
  name: "clean-up",
  claim: "what was made for the checks could be taken away again",
  spec: "DeleteVolumeGroupSnapshot, DeleteVolume, NodeUnpublishVolume, NodeUnstageVolume",
};
