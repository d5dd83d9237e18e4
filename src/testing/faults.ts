/** Puts faults into a real object, between it and whoever uses it. For methods that return promises. */
export interface Faults<T extends object> {
  /** The real object, with the faults in between. */
  readonly subject: T;
  /** From now on the method fails, until `heal`. */
  fail(method: keyof T, fault: Fault): void;
  /** From now on nothing fails. */
  heal(): void;
  /** How often the method was called, failures included. */
  calls(method: keyof T): number;
}

interface Fault {
  readonly error: Error;
  /** This many calls are spared first. */
  readonly after?: number;
  /** This many calls fail; without it, all do. */
  readonly times?: number;
}

export function faultsIn<T extends object>(real: T): Faults<T> {
  const faults = new Map<PropertyKey, { spared: number; left: number; readonly error: Error }>();
  const counts = new Map<PropertyKey, number>();
  const failureOf = (method: PropertyKey): Error | undefined => {
    const fault = faults.get(method);
    if (!fault || fault.left === 0) return undefined;
    if (fault.spared-- > 0) return undefined;
    fault.left--;
    return fault.error;
  };
  const subject = new Proxy(real, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...given: readonly unknown[]) => {
        counts.set(name, (counts.get(name) ?? 0) + 1);
        const error = failureOf(name);
        return error ? Promise.reject(error) : Reflect.apply(member, target, given);
      };
    },
  });
  return {
    subject,
    fail: (method, { error, after = 0, times = Number.POSITIVE_INFINITY }) => {
      faults.set(method, { spared: after, left: times, error });
    },
    heal: () => faults.clear(),
    calls: (method) => counts.get(method) ?? 0,
  };
}

/** What the system says when a disk is full. */
export const noSpace = () =>
  Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", errno: -28, syscall: "write" });
