import type { GroupSnapshot } from "../../api/group-snapshot/types.ts";
import type { AdoptionSeen } from "./binding/adopt.ts";
import type { BindingSeen } from "./binding/seen.ts";
import type { MembersSeen } from "./members/observe.ts";
import type { ReleaseSeen } from "./release/observe.ts";

/** A group is in exactly one stage, and each stage has its own facts. */
export type GroupSeen = BindingSeen | AdoptionSeen | LostSeen | MembersSeen | ReleaseSeen;

/** The content that the group is bound to was taken away by force. */
export interface LostSeen {
  readonly stage: "lost";
  readonly group: GroupSnapshot;
  readonly contentName: string;
  readonly now: Date;
}
