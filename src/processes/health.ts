/** Why something does not hold, in words for a person; undefined where it does. Asked at every probe: cheap, and never throws. */
export type Check = () => string | undefined;

/** What a process says of its health. Checks have names, so that a probe may ask for one alone. */
export interface Health {
  /** Asked at /healthz: where one fails the process cannot help itself, and is to be started anew. */
  live(name: string, check: Check): void;
  /** Asked at /readyz: where one fails the process waits for something, goes on by itself, and says for what. */
  ready(name: string, check: Check): void;
}

export interface HealthPages extends Health {
  /** The answer at a path, in the words of kube-apiserver's own health pages; undefined where there is no such page. */
  page(path: string): { readonly status: 200 | 500 | 503; readonly text: string } | undefined;
}

/** A page for /healthz and /readyz as wholes, and one for each check below them. No checks: all is well. */
export function healthPages(): HealthPages {
  const checks = { "/healthz": new Map<string, Check>(), "/readyz": new Map<string, Check>() };
  return {
    live: (name, check) => void checks["/healthz"].set(name, check),
    ready: (name, check) => void checks["/readyz"].set(name, check),
    page(path) {
      for (const root of ["/healthz", "/readyz"] as const) {
        if (path !== root && !path.startsWith(`${root}/`)) continue;
        const name = path.slice(root.length + 1);
        const asked = [...checks[root]].filter(([known]) => name === "" || known === name);
        if (name !== "" && asked.length === 0) return undefined;
        return pageOf(asked, root);
      }
      return undefined;
    },
  };
}

function pageOf(asked: readonly (readonly [string, Check])[], root: "/healthz" | "/readyz") {
  const results = asked.map(([name, check]) => ({ name, why: check() }));
  if (results.every(({ why }) => why === undefined)) return { status: 200, text: "ok" } as const;
  const lines = results.map(({ name, why }) => (why === undefined ? `[+]${name} ok` : `[-]${name} failed: ${why}`));
  return {
    status: root === "/healthz" ? 500 : 503,
    text: [...lines, `${root.slice(1)} check failed`, ""].join("\n"),
  } as const;
}
