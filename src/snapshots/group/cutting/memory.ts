import type { Answer } from "./answer.ts";

/** What the sidecar has learnt about one content and not written yet, or need not write at all. */
export interface Learnt {
  /** The driver's last answer, until it is settled on the object. */
  readonly answer?: Answer | undefined;
  /** Nothing is on the storage: this process put the mark on and the driver has refused since, or it refused the last call. */
  readonly nothingCut?: boolean | undefined;
}

/** Learnt facts by the content's uid. They are lost with the process, which costs a call and never a snapshot. */
export interface Memory {
  of(uid: string): Learnt;
  learn(uid: string, learnt: Learnt): void;
  forget(uid: string): void;
}

export function memory(): Memory {
  const byUid = new Map<string, Learnt>();
  return {
    of: (uid) => byUid.get(uid) ?? {},
    learn: (uid, learnt) => void byUid.set(uid, { ...byUid.get(uid), ...learnt }),
    forget: (uid) => void byUid.delete(uid),
  };
}
