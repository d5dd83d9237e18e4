import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { isChange } from "../../../src/testing/fault-proxy.ts";
import type { Mortal } from "../../../src/testing/mortal.ts";
import {
  askForGroup,
  budgetOf,
  changesIn,
  costOf,
  type FailureLab,
  failureLab,
  members,
  untilGone,
  untilWhole,
} from "./lab.ts";

let lab: FailureLab;
let processes: readonly Mortal[];
beforeAll(async () => {
  lab = await failureLab();
  processes = await Promise.all([lab.start("controller"), lab.start("sidecar")]);
}, 120_000);
afterEach(() => {
  lab.proxies.controller.fault = undefined;
});
afterAll(() => lab.stop());

const long = { timeout: 240_000 };

/** Does something when the server has done the n-th change of the snapshot-controller, before that hears of it. */
function atChanges(numbers: readonly number[], happens: () => Promise<void>): void {
  let changes = 0;
  lab.proxies.controller.fault = async (request, pass) => {
    const answer = await pass();
    if (!isChange(request) || !numbers.includes(++changes)) return answer;
    await happens();
    return "cut";
  };
}

test(
  "kill -9 of the API server while a group is bound, made and deleted loses nothing and leaves nothing",
  long,
  async () => {
    let restarts = 0;
    const restart = async () => {
      restarts++;
      await lab.api.restart();
    };
    const cost = await costOf(lab, async () => {
      atChanges([1, 8], restart);
      await askForGroup(lab.shop, "restarted");
      await untilWhole(lab.shop, "restarted");
      expect(restarts).toBe(2);
      atChanges([2], restart);
      await untilGone(lab.shop, "restarted");
    });
    expect(restarts).toBe(3);
    expect(cost).toMatchObject({ creates: 1, deletes: 1 });
    expect(cost.changes).toBeLessThanOrEqual(budgetOf(members.length) + changesForErrors);
    expect(processes.map(({ life }) => life)).toEqual([1, 1]);
  },
);

/** An answer that never came may count as a failure, which is said in the status and taken back later. */
const changesForErrors = 3 * 2;

test(
  "an etcd that stands still for 30 s in the middle of a group is waited for, and the group ends whole",
  long,
  async () => {
    const asked = () => Object.values(lab.proxies).reduce((sum, { seen }) => sum + seen.length, 0);
    let meanwhile = { requests: Number.NaN, changes: Number.NaN };
    const thawed = new Promise<void>((resolve) => {
      let changes = 0;
      lab.proxies.controller.fault = async (request, pass) => {
        if (!isChange(request) || ++changes !== 5) return pass();
        const thaw = lab.api.freezeEtcd();
        const before = { requests: asked(), changes: changesIn(lab) };
        setTimeout(() => {
          meanwhile = { requests: asked() - before.requests, changes: changesIn(lab) - before.changes };
          thaw();
          resolve();
        }, standstillMs);
        return pass();
      };
    });
    const cost = await costOf(lab, async () => {
      await askForGroup(lab.shop, "frozen");
      await thawed;
      await untilWhole(lab.shop, "frozen");
      await untilGone(lab.shop, "frozen");
    });
    expect(meanwhile.changes).toBe(0);
    expect(meanwhile.requests).toBeLessThanOrEqual(40);
    expect(cost).toMatchObject({ creates: 1, deletes: 1 });
    expect(cost.changes).toBeLessThanOrEqual(budgetOf(members.length) + changesForErrors);
  },
);

const standstillMs = 30_000;
