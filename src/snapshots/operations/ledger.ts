import type { Clock } from "../../lib/clock.ts";
import { type Operation, type OperationName, type Request, type SnapshotType, typeOf } from "./operation.ts";

/** Where operations are counted. */
export interface OperationMetrics {
  /** How many are under way now. */
  inFlight(count: number): void;
  ended(operation: EndedOperation): void;
}

export interface EndedOperation {
  readonly driver: string;
  readonly name: OperationName;
  readonly type: SnapshotType;
  /** "unknown" is a failure: dashboards have this word for it. */
  readonly status: "success" | "cancel" | "unknown";
  readonly tookMs: number;
}

/** What is known of operations that have begun and are not done, by the uid of their request. */
export interface Ledger {
  /** @param driver undefined where it cannot be told: it is then the one that was told before */
  look(seen: Request, operations: readonly Operation[], driver: string | undefined): void;
  /** The request does not exist any more: whatever it asked for has come to its end. */
  gone(seen: Request): void;
}

interface Entry {
  readonly sinceMs: number;
  /** Its failure has been counted; what follows is another try. */
  readonly failed: boolean;
}

interface Account {
  driver: string;
  readonly entries: Map<OperationName, Entry>;
}

/** Kubernetes' times have whole seconds, so an object that is younger than this may be new. */
const newMs = 2_000;
const unknownDriver = "unknown";

export function ledgerOf(metrics: OperationMetrics, clock: Clock): Ledger {
  const accounts = new Map<string, Account>();
  let running = 0;

  /** On the clock that never jumps. What was asked for before this process began is as old as the object says. */
  const sinceMs = (since: Date) => {
    const ageMs = clock.now().getTime() - since.getTime();
    return clock.monotonicMs() - (ageMs < newMs ? 0 : ageMs);
  };
  const end = (seen: Request, name: OperationName, status: EndedOperation["status"]) => {
    const account = accounts.get(seen.request.metadata.uid);
    const entry = account?.entries.get(name);
    if (!account || !entry) return;
    account.entries.delete(name);
    if (account.entries.size === 0) accounts.delete(seen.request.metadata.uid);
    if (!entry.failed) metrics.inFlight(--running);
    if (entry.failed && status !== "success") return; // it has ended as a failure
    metrics.ended({
      driver: account.driver,
      name,
      type: typeOf(seen),
      status,
      tookMs: clock.monotonicMs() - entry.sinceMs,
    });
  };
  const begin = (account: Account, { name, since }: Operation, entry: Entry | undefined) => {
    if (entry && !entry.failed) return;
    account.entries.set(name, { sinceMs: entry?.sinceMs ?? sinceMs(since), failed: false });
    metrics.inFlight(++running);
  };
  /** A failure that is there when the request is first seen was counted by the process before this one. */
  const fail = (seen: Request, account: Account, { name, since }: Operation) => {
    const entry = account.entries.get(name);
    if (entry?.failed) return;
    const failed = { sinceMs: entry?.sinceMs ?? sinceMs(since), failed: true };
    if (entry) end(seen, name, "unknown");
    account.entries.set(name, failed);
  };

  return {
    look(seen, operations, driver) {
      const { uid } = seen.request.metadata;
      const account = accounts.get(uid) ?? { driver: unknownDriver, entries: new Map() };
      if (driver !== undefined) account.driver = driver;
      for (const operation of operations) {
        if (operation.stand === "running") begin(account, operation, account.entries.get(operation.name));
        else if (operation.stand === "failed") fail(seen, account, operation);
        else end(seen, operation.name, operation.stand === "done" ? "success" : "cancel");
      }
      if (account.entries.size > 0) accounts.set(uid, account);
    },
    gone(seen) {
      const names = [...(accounts.get(seen.request.metadata.uid)?.entries.keys() ?? [])];
      for (const name of names) end(seen, name, name.startsWith("Delete") ? "success" : "cancel");
    },
  };
}
