import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the API server was asked, from its audit log. */
export interface Requests {
  /** Flags that have an API server write the log. */
  readonly flags: readonly string[];
  /** Requests since the last call by those whose user agent matches, as "verb resource" to how many; no watches. */
  since(userAgent: RegExp): ReadonlyMap<string, number>;
}

const policy = { apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level: "Metadata" }] };

interface Entry {
  readonly stage: string;
  readonly verb: string;
  readonly userAgent?: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
}

export function requestsIn(folder: string): Requests {
  const [policyPath, logPath] = [join(folder, "policy.json"), join(folder, "audit.log")];
  writeFileSync(policyPath, JSON.stringify(policy));
  let read = 0;
  return {
    flags: [`--audit-policy-file=${policyPath}`, `--audit-log-path=${logPath}`, "--audit-log-mode=blocking"],
    since(userAgent) {
      const written = readFileSync(logPath);
      const end = written.lastIndexOf("\n") + 1; // the line after it may be half there
      const text = written.subarray(read, end).toString("utf8");
      read = end;
      const counts = new Map<string, number>();
      for (const line of text.split("\n").filter((one) => one !== "")) {
        const { stage, verb, userAgent: agent = "", objectRef } = JSON.parse(line) as Entry; // the server's own format
        if (stage !== "ResponseComplete" || verb === "watch" || !userAgent.test(agent)) continue;
        const subresource = objectRef?.subresource ? `/${objectRef.subresource}` : "";
        const what = `${verb} ${objectRef?.resource ?? "?"}${subresource}`;
        counts.set(what, (counts.get(what) ?? 0) + 1);
      }
      return counts;
    },
  };
}
