import { throwAwayApi } from "../../src/testing/cluster.ts";
import { kubeApiserver } from "../../src/testing/kube-apiserver.ts";
import { type RawAnswer, type RawClient, type RawOptions, rawClient } from "../../src/testing/raw-client.ts";
import { binaries } from "./binaries.ts";

/** The embedded API server and a real one, which are asked the same. */
export interface BothServers {
  /** Runs the same steps on both, and gives back what each answered, without what differs from server to server. */
  run(steps: (server: Asked) => Promise<unknown>): Promise<{ readonly embedded: unknown[]; readonly real: unknown[] }>;
  readonly kubeconfigs: { readonly embedded: string; readonly real: string };
  stop(): Promise<void>;
}

/** One of the two servers; what it answers is recorded. */
export interface Asked {
  send(method: string, path: string, options?: RawOptions): Promise<RawAnswer>;
  /** Not recorded: for what is no part of the case. */
  quietly(method: string, path: string, options?: RawOptions): Promise<RawAnswer>;
}

export async function bothServers(): Promise<BothServers> {
  const [embedded, real] = await Promise.all([throwAwayApi(), kubeApiserver(binaries())]);
  const clients = [rawClient(embedded), rawClient(real)] as const;
  return {
    run: async (steps) => {
      const [ours, theirs] = await Promise.all(clients.map((client) => record(client, steps)));
      return { embedded: ours ?? [], real: theirs ?? [] };
    },
    kubeconfigs: { embedded: embedded.kubeconfigPath, real: real.kubeconfigPath },
    stop: async () => {
      for (const client of clients) client.close();
      await Promise.all([embedded.stop(), real.stop()]);
    },
  };
}

async function record(client: RawClient, steps: (server: Asked) => Promise<unknown>): Promise<unknown[]> {
  const answers: unknown[] = [];
  const versions = new Map<string, string>();
  const send: Asked["send"] = async (method, path, options) => {
    const answer = await client.send(method, path, options);
    answers.push({ step: `${method} ${path}`, code: answer.code, body: comparable(answer.body, versions) });
    return answer;
  };
  await steps({ send, quietly: client.send });
  return answers;
}

/** An answer with versions numbered in the order they came in, and without uids and times. */
function comparable(value: unknown, versions: Map<string, string>, key = ""): unknown {
  if (key === "resourceVersion" && typeof value === "string") {
    if (!versions.has(value)) versions.set(value, `version ${versions.size + 1}`);
    return versions.get(value);
  }
  if (key === "uid" || (/(Timestamp|time|Time)$/.test(key) && typeof value === "string")) return "any";
  if (key === "managedFields" || key === "causes") return sorted(value, versions);
  if (Array.isArray(value)) return value.map((item) => comparable(item, versions));
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)); // so that equal values are equal texts
  return Object.fromEntries(fields.map(([name, item]) => [name, comparable(item, versions, name)]));
}

/** Their order goes by times, or by chance. */
function sorted(value: unknown, versions: Map<string, string>): unknown {
  const items = Array.isArray(value) ? value.map((item) => comparable(item, versions)) : [value];
  return items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
