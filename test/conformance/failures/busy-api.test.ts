import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { isFailure } from "../../../src/lib/failure.ts";
import { isChange, type ProxiedRequest, type ProxyFault, refusal } from "../../../src/testing/fault-proxy.ts";
import { budgetOf, costOf, type FailureLab, failureLab, members, wholeLife } from "./lab.ts";

// An API server that others keep busy: watches that break, writes that lose races, requests that have to wait.

let lab: FailureLab;
beforeAll(async () => {
  lab = await failureLab();
  await Promise.all([lab.start("controller"), lab.start("sidecar")]);
}, 120_000);
afterEach(() => setFaults(undefined));
afterAll(() => lab.stop());

const proxies = () => Object.values(lab.proxies);
const setFaults = (fault: ProxyFault | undefined) => {
  for (const proxy of proxies()) proxy.fault = fault;
};
const long = { timeout: 120_000 };
const onePath = ({ path }: ProxiedRequest) => path.split("?")[0] ?? path;
/** What both processes asked while work was done. */
async function askedIn(work: () => Promise<unknown>): Promise<readonly ProxiedRequest[]> {
  const before = proxies().map(({ seen }) => seen.length);
  await work();
  return proxies().flatMap(({ seen }, i) => seen.slice(before[i]));
}

test(
  "watches that are cut every second are resumed where they were, without a list, and groups end whole",
  long,
  async () => {
    let cuts = 0;
    const cutting = setInterval(() => {
      for (const proxy of proxies()) cuts += proxy.cutWatches();
    }, 1_000);
    const asked = await askedIn(async () => {
      await expect.poll(() => cuts, { timeout: 10_000 }).toBeGreaterThan(0);
      const lives = ["cut-1", "cut-2", "cut-3", "cut-4"];
      const cost = await costOf(lab, async () => {
        for (const name of lives) await wholeLife(lab, name);
      });
      expect(cost).toMatchObject({ creates: lives.length, deletes: lives.length });
      expect(cost.changes).toBeLessThanOrEqual(lives.length * budgetOf(members.length));
      await expect.poll(() => cuts, { timeout: 20_000 }).toBeGreaterThan(30);
    }).finally(() => clearInterval(cutting));
    const reads = asked.filter(({ method }) => method === "GET");
    expect(reads.filter(({ isWatch }) => !isWatch).map(onePath)).toEqual([]);
    expect(reads.length).toBeLessThanOrEqual(cuts + watchesOf());
    expect(reads.length).toBeGreaterThan(0);
  },
);

/** How many watches both processes hold. */
const watchesOf = () =>
  proxies().reduce((sum, { seen }) => sum + new Set(seen.filter(({ isWatch }) => isWatch).map(onePath)).size, 0);

test(
  "a group ends whole although somebody writes to each object right before our processes do, three times each",
  long,
  async () => {
    const tries = new Map<string, number>();
    const codes: number[] = [];
    setFaults(async (request, pass) => {
      if (!["PUT", "PATCH"].includes(request.method) || !isChange(request)) return pass();
      const path = onePath(request).replace(/\/status$/, "");
      const nth = tries.get(path) ?? 0;
      tries.set(path, nth + 1);
      if (nth < 3) await touch(path, nth);
      const answer = await pass();
      codes.push(answer.code);
      return answer;
    });
    const cost = await costOf(lab, () => wholeLife(lab, "raced"));
    expect(codes.filter((code) => code === 409).length).toBeGreaterThanOrEqual(6);
    expect(cost).toMatchObject({ creates: 1, deletes: 1 });
    expect(cost.changes).toBeLessThanOrEqual(budgetOf(members.length));
  },
);

/** Another's write, which makes what our processes have read too old. */
async function touch(path: string, nth: number): Promise<void> {
  const body = { metadata: { annotations: { touched: String(nth) } } };
  const contentType = "application/merge-patch+json";
  await lab.shop.client
    .raw({ method: "PATCH", path, body, contentType, signal: AbortSignal.timeout(10_000) })
    .catch((error: unknown) => {
      if (!isFailure(error, "notFound")) throw error; // it went while somebody wanted to write to it
    });
}

test(
  "a storm of 409 is met by trying again at once, from the sixth on by waiting, and a group ends whole",
  long,
  async () => {
    const tries: number[] = [];
    const stormLength = 8;
    setFaults(async (request, pass) => {
      if (request.method !== "PATCH" || !onePath(request).endsWith("/volumegroupsnapshots/refused")) return pass();
      tries.push(performance.now());
      return tries.length <= stormLength ? refusal(409, "Conflict") : pass();
    });
    const cost = await costOf(lab, () => wholeLife(lab, "refused"));
    const waits = tries.slice(1).map((atMs, i) => Math.round((atMs - (tries[i] ?? 0)) / 100) / 10);
    expect(waits.slice(5, stormLength).map((seconds, i) => seconds >= 2 ** i)).toEqual([true, true, true]);
    expect(cost).toMatchObject({ creates: 1, deletes: 1 });
    expect(cost.changes).toBeLessThanOrEqual(budgetOf(members.length) + changesForAnError);
  },
);

/** What counts as a failure is said in the status, which is taken back later. */
const changesForAnError = 2;

test(
  "a server that says 429 to watches and changes is left alone for as long as it asks, and a group ends whole",
  long,
  async () => {
    const refused: (readonly [string, number])[] = [];
    const left = { watches: 24, changes: 8 };
    setFaults(async (request, pass) => {
      const sort = request.isWatch ? "watches" : "changes";
      if (left[sort] === 0 || !(request.isWatch || isChange(request))) return pass();
      left[sort]--;
      refused.push([`${request.method} ${request.path}`, performance.now()]);
      return refusal(429, "TooManyRequests", { "retry-after": "1" });
    });
    for (const proxy of proxies()) proxy.cutWatches();
    const cost = await costOf(lab, () => wholeLife(lab, "throttled"));
    expect(left).toEqual({ watches: 0, changes: 0 });
    const named = refused.filter(([what]) => !what.startsWith("POST")); // a POST does not say of which object it is
    const waits = named.flatMap(([what, atMs], i) => {
      const next = named.slice(i + 1).find(([other]) => other === what);
      return next ? [next[1] - atMs] : [];
    });
    expect(waits.length).toBeGreaterThan(5);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(990);
    expect(cost).toMatchObject({ creates: 1, deletes: 1 });
    expect(cost.changes).toBeLessThanOrEqual(budgetOf(members.length));
  },
);
