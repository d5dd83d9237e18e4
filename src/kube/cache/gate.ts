/** Something that happens once, and those who wait for it. */
export interface Gate {
  readonly isOpen: boolean;
  open(): void;
  /** Resolves when the gate is open. @throws signal.reason */
  passed(signal: AbortSignal): Promise<void>;
}

export function gate(): Gate {
  let isOpen = false;
  const waiting = new Set<() => void>();
  return {
    get isOpen() {
      return isOpen;
    },
    open() {
      isOpen = true;
      for (const pass of waiting) pass();
    },
    passed(signal) {
      if (isOpen) return Promise.resolve();
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const leave = () => {
          waiting.delete(pass);
          reject(signal.reason);
        };
        const pass = () => {
          waiting.delete(pass);
          signal.removeEventListener("abort", leave);
          resolve();
        };
        waiting.add(pass);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
  };
}
