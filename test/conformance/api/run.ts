import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rawClient } from "../../../src/testing/raw-client.ts";
import { type Stage, withApi } from "./api.ts";
import type { Area } from "./area.ts";
import { areas } from "./areas.ts";
import { define, gadgets } from "./kinds.ts";
import type { Server } from "./server.ts";

/** Cases that a server is known not to pass, by title, with the reason. */
export type Deviations = Readonly<Record<string, string>>;

/** kube-apiserver starts in seconds; on a machine that is busy it takes many times that. */
const startLimitMs = 90_000;

/** A server with much to do answers late; a case has to fail by itself, not by this. */
const caseLimitMs = 40_000;

export interface Subject {
  start(): Promise<Server>;
  readonly deviations: Deviations;
  /** Areas that are about what this server has not got at all. */
  readonly without?: readonly Area[];
}

/** Runs the whole suite on a server of its own. */
export function describeApi(name: string, { start, deviations, without = [] }: Subject): void {
  describe(name, () => {
    let stage: Omit<Stage, "namespace">;
    beforeAll(async () => {
      const server = await start();
      stage = { server, client: rawClient(server) };
      await define(stage.client, gadgets);
    }, startLimitMs);
    afterAll(async () => {
      stage.client.close();
      await stage.server.stop();
    });

    test("deviations are declared of cases that there are", () => {
      const titles = new Set(areas.flatMap(({ cases }) => cases.map(({ title }) => title)));
      expect(Object.keys(deviations).filter((title) => !titles.has(title))).toEqual([]);
    });

    for (const area of areas) if (!without.includes(area)) describeArea(area, () => stage, deviations);
  });
}

function describeArea({ name, cases }: Area, stage: () => Omit<Stage, "namespace">, deviations: Deviations): void {
  describe(name, () => {
    for (const [i, { title, run }] of cases.entries()) {
      const namespace = `${name.toLowerCase().replaceAll(/\W+/g, "-")}-${i}`;
      const work = () => withApi({ ...stage(), namespace }, run);
      const reason = deviations[title];
      test(title, reason === undefined ? work : () => mustDeviate(reason, work), caseLimitMs);
    }
  });
}

/** Passes if `work` fails: what is declared and no longer so is to be taken out of the table. */
export async function mustDeviate(reason: string, work: () => Promise<void>): Promise<void> {
  const failed = await work().then(
    () => false,
    () => true,
  );
  if (!failed) throw new Error(`no longer deviates, take it out of the deviations: ${reason}`);
}
